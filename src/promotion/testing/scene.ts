import { environmentSpec } from '../../api/v1alpha1/environment.ts';
import { gateSpec } from '../../api/v1alpha1/gate.ts';
import type { Environment, Gate, Promotion, Target } from '../../api/v1alpha1/types.ts';
import type { PodTemplate } from '../../delivery/rollout/types.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import { decide } from '../decide.ts';
import { RolloutModel } from './rollout-model.ts';

export const OLD = `ghcr.io/acme/checkout:1@sha256:${'1'.repeat(64)}`;
export const DIGEST = `sha256:${'2'.repeat(64)}`;
export const NEW = `ghcr.io/acme/checkout:2@${DIGEST}`;
const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const TEMPLATE = {
  metadata: { labels: { app: 'checkout' }, annotations: { note: 'kept' } },
  spec: {
    containers: [
      { name: 'app', image: OLD, env: [{ name: 'A', value: '1' }] },
      { name: 'sidecar', image: 'proxy:1' },
    ],
  },
};
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const canary = (template: PodTemplate, name: string): RolloutModel => new RolloutModel(template, STEPS, name);

/** What a world may be told; unless told it has one target, a gate that counts to two and a short bake. */
export interface WorldOptions {
  /** Waves of the targets; their names are `checkout`, `target-1`, ... */
  waves?: readonly number[];
  /** More of the Environment's spec. */
  environment?: object;
  /** More of the spec of every Gate. */
  gate?: object;
  /** Names of the Gates; all are asked During. */
  gates?: readonly string[];
  /** Approval gates by name, asked Before. */
  persons?: Readonly<Record<string, object>>;
  /** Who has asked for the promotion; nobody unless given. */
  requester?: string;
  /** The model of each target's controller; a canary with two pauses unless given. */
  model?: (template: PodTemplate, name: string) => RolloutModel;
  /** Statuses that may wait do, for as long as nothing else is written; a crash loses them. */
  patient?: boolean;
  /** Who decides: the product, unless a test breaks it on purpose. */
  decide?: typeof decide;
}

/** What a world begins with. Nothing here changes in place while worlds fork. */
export interface Scene {
  decide: typeof decide;
  patient: boolean;
  requester: string | undefined;
  targets: readonly { target: Target; model: RolloutModel }[];
  /** Canonical JSON of the template that every target declares at first. */
  template: string;
  /** The same with the promoted image. */
  promoted: string;
  gates: ReadonlyMap<string, Gate>;
  environment: Environment;
  promotion: Promotion;
}

/** The objects of a world, read by the schemas of the API. */
export function sceneOf(options: WorldOptions): Scene {
  const { waves = [0], environment = {}, gate = {}, gates = ['error-rate'], model = canary } = options;
  const persons = Object.entries(options.persons ?? {});
  const targets = waves.map((wave, i) => {
    const name = i === 0 ? 'checkout' : `target-${i}`;
    return { target: { name, wave, rollout: { name } }, model: model(TEMPLATE, name) };
  });
  const gateOf = (name: string): Gate => ({
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Gate',
    metadata: meta(name),
    spec: gateSpec.parse({
      prometheus: { query: 'up', pass: 'value < 1' },
      count: 2,
      intervalSeconds: 1,
      ...gate,
    }),
  });
  return {
    decide: options.decide ?? decide,
    patient: options.patient ?? false,
    requester: options.requester,
    targets,
    template: canonicalJson(TEMPLATE),
    promoted: canonicalJson(TEMPLATE).replace(OLD, NEW),
    gates: new Map([
      ...gates.map((name): [string, Gate] => [name, gateOf(name)]),
      ...persons.map(([name, approval]): [string, Gate] => [
        name,
        { ...gateOf(name), spec: gateSpec.parse({ approval }) },
      ]),
    ]),
    environment: {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Environment',
      metadata: meta('prod'),
      spec: environmentSpec.parse({
        targets: targets.map((t) => t.target),
        gates: [
          ...gates.map((name) => ({ gate: name, when: 'During' })),
          ...persons.map(([name]) => ({ gate: name, when: 'Before' })),
        ],
        analysis: { settleSeconds: 2, minStepSeconds: 3, bakeSeconds: 5, maxBlindSeconds: 30 },
        ...environment,
      }),
    },
    promotion: {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: meta('two'),
      spec: {
        environment: 'prod',
        revision: { images: [{ image: 'ghcr.io/acme/checkout', tag: '2', digest: DIGEST }] },
      },
    },
  };
}
