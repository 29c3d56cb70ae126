import type { KubeObject } from '../harness/api.ts';
import { type RolloutOptions, rolloutOf } from '../harness/fixtures.ts';
import type { CanaryStep, Rollout } from '../harness/kinds.ts';
import { imageFor, revisionImage } from '../harness/promotions.ts';

/* The objects of the benchmarks: one app is a Rollout with an Environment of its own; gates are shared. */

/** All apps run versions of one image: digests of a revision do not depend on the app's name then. */
const REPOSITORY = 'bench';

/** The rate of failed requests of one app, as people write it. */
const ERROR_RATE = (label: string): string =>
  `sum(rate(http_requests_total{app="${label}",code=~"5.."}[5s])) / sum(rate(http_requests_total{app="${label}"}[5s]))`;

/** The same as a recording rule gives it: a gauge has no window that has to go by before a sample may pass. */
const RECORDED = (label: string): string => `max(app:http_errors:ratio{app="${label}"})`;

/** The query of the anchor's AnalysisRuns: the same text, for one name. */
export function queryFor(name: string): string {
  return ERROR_RATE(name);
}

export interface GateOptions {
  intervalSeconds: number;
  /** Passes in a row that are needed; so many that it never passes unless given. */
  count?: number;
  /** Ask for a gauge instead of rates. */
  recorded?: boolean;
  /** The server that is asked; the operator's own default unless given. */
  address?: string;
}

const sluice = (
  kind: string,
  namespace: string,
  name: string,
  spec: object,
): KubeObject & { spec: object } => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name, namespace },
  spec,
});

/** A gate that all apps of a namespace share. */
export function gateOf(namespace: string, name: string, options: GateOptions): KubeObject {
  const { intervalSeconds, count = 100, address, recorded = false } = options;
  return sluice('Gate', namespace, name, {
    prometheus: {
      ...(address !== undefined && { address }),
      query: (recorded ? RECORDED : ERROR_RATE)('{{ rollout }}'),
      pass: 'value < 0.05',
    },
    intervalSeconds,
    count,
    // No deadline is to come between.
    deadlineSeconds: 604_800,
  });
}

export interface EnvironmentOptions {
  gates: readonly string[];
  onFail?: 'Revert' | 'Hold';
}

/** The Environment of one app. */
export function environmentOf(
  namespace: string,
  app: string,
  { gates, onFail = 'Revert' }: EnvironmentOptions,
): KubeObject {
  return sluice('Environment', namespace, app, {
    targets: [{ name: app, rollout: { name: app } }],
    ...(gates.length > 0 && { gates: gates.map((gate) => ({ gate, when: 'During' })) }),
    analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0, maxBlindSeconds: 86_400 },
    rollback: { onFail },
  });
}

/** A promotion of one app to a version. */
export function promotionOf(namespace: string, app: string, version: string): KubeObject {
  return sluice('Promotion', namespace, `${app}-${version}`, {
    environment: app,
    revision: { images: [revisionImage(REPOSITORY, version)] },
  });
}

/** One pod, half of the traffic, then a wait: the Rollout of the anchor's measurements. */
export const HALF_AND_PAUSE: CanaryStep[] = [{ setWeight: 50 }, { pause: {} }];

/** `n` rises in weight with a wait after each. */
export function pausesOf(n: number): CanaryStep[] {
  return Array.from({ length: n }, (_, i) => [
    { setWeight: Math.round((100 * (i + 1)) / (n + 1)) },
    { pause: {} },
  ]).flat();
}

/** The Rollout of one app at v1, with one replica. */
export function appOf(namespace: string, app: string, options: Partial<RolloutOptions> = {}): Rollout {
  return rolloutOf(namespace, app, {
    image: imageFor(REPOSITORY, 'v1'),
    replicas: 1,
    steps: HALF_AND_PAUSE,
    ...options,
  });
}
