import { BlueGreenModel } from '../../src/promotion/testing/blue-green-model.ts';
import { RolloutModel } from '../../src/promotion/testing/rollout-model.ts';
import type { World, WorldOptions } from '../../src/promotion/testing/world.ts';
import type { Alphabet } from './alphabet.ts';
import type { SmallWorld } from './search.ts';

/** Four pods are the least that can express two weights. */
const REPLICAS = 4;
const STEPS = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
const canary: WorldOptions['model'] = (template, name) => new RolloutModel(template, STEPS, name, REPLICAS);
/** With two pods and half of them at the first pause, for worlds that have much else in them. */
const small: WorldOptions['model'] = (template, name) =>
  new RolloutModel(template, [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }, { pause: {} }], name, 2);
const blueGreen: WorldOptions['model'] = (template, name) => new BlueGreenModel(template, name, 2);

/** The shortest times that are told apart; each deadline can pass. */
const base: WorldOptions = {
  model: canary,
  gates: ['errors'],
  gate: { count: 1, deadlineSeconds: 4 },
  environment: {
    analysis: { settleSeconds: 1, minStepSeconds: 2, bakeSeconds: 1, maxBlindSeconds: 3 },
    rollback: { deadlineSeconds: 5 },
  },
};

const nobody: Alphabet = {
  verdicts: ['Pass', 'Fail', 'Inconclusive', 'Error'],
  faults: true,
  late: 0,
  meddling: [],
  meddled: 0,
  orders: [],
  ordered: 0,
};

const stateOf = (world: World, target: string): string | undefined =>
  world.promotion.status?.targets?.find((t) => t.name === target)?.state;

const passOrFail: Alphabet = { ...nobody, verdicts: ['Pass', 'Fail'] };
/** Where two targets multiply, their controllers step together. */
const together: Alphabet = { ...passOrFail, lockstep: true };

const twoWaves: WorldOptions = { ...base, model: small, waves: [0, 1] };
const oneWave: WorldOptions = { ...base, model: small, waves: [0, 0] };
const twoGates = ['errors', 'latency'];

/** For two gates on two targets: times as short as can be, and no deadline of a gate is ever reached. */
const inNoHurry: WorldOptions = {
  ...twoWaves,
  gates: twoGates,
  gate: { count: 1, deadlineSeconds: 3600 },
  environment: {
    analysis: { settleSeconds: 0, minStepSeconds: 1, bakeSeconds: 1, maxBlindSeconds: 3600 },
    rollback: { deadlineSeconds: 3 },
  },
};

/** All targets have come to this place on the good path. */
const at =
  (state: string, ...targets: string[]) =>
  (world: World): boolean =>
    targets.every((name) => stateOf(world, name) === state);

/**
 * Crashes at every write and old looks are in all of them but one. Those with `maxStates` are too big to be
 * looked at as a whole: of them it is the states nearest to where they begin. All others are declared complete.
 */
export const WORLDS = {
  canary: { options: base, alphabet: nobody },
  'canary, every age told apart': { options: base, alphabet: nobody, fine: true },
  'canary, passes counted to two': {
    options: { ...base, gate: { count: 2, failureLimit: 1, deadlineSeconds: 4 } },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail', 'Error'] },
  },
  'canary, statuses written late': { options: { ...base, patient: true }, alphabet: nobody },
  'canary, writes that arrive late': { options: base, alphabet: { ...nobody, late: 1 } },
  "canary, a stranger's hand": {
    options: base,
    alphabet: { ...passOrFail, meddling: ['abort', 'retry', 'promote', 'pause'], meddled: 1 },
  },
  "canary, a person's orders": {
    options: base,
    alphabet: { ...passOrFail, orders: ['Hold', 'Abort'], ordered: 2 },
    maxStates: 30_000,
  },
  'canary, approved by persons': {
    options: { ...base, persons: { cab: { required: 2 } }, requester: 'alice' },
    alphabet: { ...passOrFail, approvers: ['alice', 'bob', 'carol'] },
    maxStates: 30_000,
  },
  'canary, asked for by nobody known': {
    options: { ...base, persons: { cab: { required: 2 } } },
    alphabet: { ...passOrFail, approvers: ['alice', 'bob', 'carol'] },
    maxStates: 30_000,
  },
  'canary, levels of approval': {
    options: { ...base, persons: { peer: {}, cab: { persons: 'Distinct' } }, requester: 'alice' },
    alphabet: { ...passOrFail, approvers: ['bob', 'carol'] },
    maxStates: 30_000,
  },
  'canary, two gates': {
    options: { ...base, model: small, gates: twoGates },
    alphabet: passOrFail,
  },
  'canary, frozen by a person': {
    options: base,
    alphabet: { ...passOrFail, orders: ['Freeze'], ordered: 1 },
  },
  'blue-green': { options: { ...base, model: blueGreen }, alphabet: nobody },
  'blue-green, writes that arrive late': {
    options: { ...base, model: blueGreen },
    alphabet: { ...nobody, late: 1 },
  },
  'two waves, two gates': {
    options: inNoHurry,
    alphabet: { ...passOrFail, horizonMs: 60_000, batched: true },
  },
  'two waves, no crash': { options: twoWaves, alphabet: { ...together, faults: false } },
  'two waves, from the second on': {
    options: { ...twoWaves, gates: twoGates },
    alphabet: together,
    begin: at('Analysing', 'target-1'),
    maxStates: 30_000,
  },
  'two targets in one wave, from the first pause': {
    options: oneWave,
    alphabet: together,
    begin: at('Analysing', 'checkout', 'target-1'),
    maxStates: 30_000,
  },
  'two targets in one wave, from the bake': {
    options: oneWave,
    alphabet: together,
    begin: at('Baking', 'checkout', 'target-1'),
  },
} as const satisfies Record<string, Omit<SmallWorld, 'name'>>;

/** The worlds of the short form: seconds, as a part of the unit tests. */
export const SHORT: readonly (keyof typeof WORLDS)[] = ['canary', 'blue-green'];

/** The worlds of the long form: minutes. */
export const LONG = Object.keys(WORLDS) as (keyof typeof WORLDS)[];
