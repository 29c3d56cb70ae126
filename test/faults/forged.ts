import type { Version } from './history.ts';

/* Histories that never happened, for the tests of the checkers: a canary `app` that pauses at 20 and at 60 percent. */

export const OLD = 'registry.test/app:v1';
export const NEW = 'registry.test/app:v2';
export const TERMS = { settleSeconds: 1, isNew: (image: string) => image === NEW };
const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
export const time = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

/** A Rollout as it stands: its image, its step, and more of its status. */
export function rollout(at: number, image: string, step: number, status: object = {}): Version {
  const object = {
    metadata: { name: 'app', resourceVersion: String(at) },
    spec: {
      replicas: 5,
      template: { spec: { containers: [{ name: 'app', image }] } },
      strategy: { canary: { steps: STEPS } },
    },
    status: {
      currentPodHash: image === NEW ? 'new' : 'old',
      stableRS: 'old',
      currentStepIndex: step,
      ...status,
    },
  };
  return { at, seen: at * 1000, kind: 'Rollout', object } as unknown as Version;
}

/** The Promotion as it stands: its target's state, what its gate said, and whether it goes back. */
export function promotion(
  at: number,
  state: string,
  step?: number,
  more: object = {},
  gate: object = {},
): Version {
  const { revert, ...target } = { revert: undefined, ...more };
  const object = {
    metadata: { name: 'app-v2', resourceVersion: String(at) },
    spec: { environment: 'app' },
    status: {
      plan: {
        targets: [{ name: 'app', rollout: { name: 'app' } }],
        gates: [{ gate: 'errors', when: 'During' }],
      },
      targets: [
        {
          name: 'app',
          state,
          canaryHash: 'new',
          ...(step !== undefined && { step, weight: step < 3 ? 20 : 60, reachedAt: time(at) }),
          ...target,
        },
      ],
      gates: [
        {
          gate: 'errors',
          when: 'During',
          target: 'app',
          step,
          sampledAt: time(at + 2),
          verdict: 'Pass',
          ...gate,
        },
      ],
      ...(revert !== undefined && { revert }),
    },
  };
  return { at, seen: at * 1000, kind: 'Promotion', object } as unknown as Version;
}

/** Pods that the new revision is given. */
export function pods(at: number, replicas: number): Version {
  const object = {
    metadata: {
      name: 'app-new',
      resourceVersion: String(at),
      labels: { 'rollouts-pod-template-hash': 'new' },
      ownerReferences: [{ name: 'app' }],
    },
    spec: { replicas },
  };
  return { at, seen: at * 1000, kind: 'ReplicaSet', object } as unknown as Version;
}

export const BEGIN = [
  rollout(1, OLD, 4),
  promotion(2, 'Applying'),
  rollout(3, NEW, 0),
  pods(4, 1),
  rollout(5, NEW, 1),
];
export const FAIL = { verdict: 'Fail' };
export const REVERT = { revert: { reason: 'errors', detectedAt: time(10) } };
