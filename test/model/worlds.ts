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

/** What everybody may do is in the name; crashes at every write and old looks are in all of them. */
export const WORLDS = {
  canary: { options: base, alphabet: nobody },
  'canary, every age told apart': { options: base, alphabet: nobody, fine: true },
  'canary, two gates': {
    options: { ...base, model: small, gates: ['errors', 'latency'] },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail', 'Error'] },
  },
  'canary, passes counted to two': {
    options: { ...base, gate: { count: 2, failureLimit: 1, deadlineSeconds: 4 } },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail', 'Error'] },
  },
  'canary, writes that arrive late': { options: base, alphabet: { ...nobody, late: 1 } },
  "canary, a stranger's hand": {
    options: base,
    alphabet: {
      ...nobody,
      verdicts: ['Pass', 'Fail'],
      meddling: ['abort', 'retry', 'promote', 'pause'],
      meddled: 1,
    },
  },
  "canary, a person's orders": {
    options: base,
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail'], orders: ['Hold', 'Abort'], ordered: 2 },
  },
  'blue-green': { options: { ...base, model: blueGreen }, alphabet: nobody },
  'blue-green, writes that arrive late': {
    options: { ...base, model: blueGreen },
    alphabet: { ...nobody, late: 1 },
  },
  'two waves': {
    options: { ...base, model: small, waves: [0, 1] },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail'] },
  },
  'two waves, two gates, from the second wave on': {
    options: { ...base, model: small, waves: [0, 1], gates: ['errors', 'latency'] },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail'] },
    begin: (world: World) => stateOf(world, 'target-1') === 'Analysing',
  },
  'two targets in one wave, from the first pause on': {
    options: { ...base, model: small, waves: [0, 0] },
    alphabet: { ...nobody, verdicts: ['Pass', 'Fail'] },
    begin: (world: World) => ['checkout', 'target-1'].every((name) => stateOf(world, name) === 'Analysing'),
  },
} as const satisfies Record<string, Omit<SmallWorld, 'name'>>;

/** The worlds of the short form: seconds, as a part of the unit tests. */
export const SHORT: readonly (keyof typeof WORLDS)[] = ['canary', 'blue-green'];

/** The worlds of the long form: minutes. */
export const LONG = Object.keys(WORLDS) as (keyof typeof WORLDS)[];
