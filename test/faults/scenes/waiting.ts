import type { EnvironmentStatus, Promotion, TargetState } from '../../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../../harness/api.ts';
import { imageFor, type Place, sluicePath } from '../../harness/promotions.ts';
import { until } from '../../harness/until.ts';
import type { Setting } from './scene.ts';

/* What persons and gates of a scene wait for before they act. */

/** Longer than any operator is away that is killed and started anew. */
const PATIENCE_MS = 120_000;

/** Waits until a target stands so. */
export function untilState(
  place: Place,
  target: string,
  state: TargetState,
  patienceMs = PATIENCE_MS,
): Promise<unknown> {
  return until(
    `${target} of ${place.namespace} is ${state}`,
    async (seen) => {
      const { status } = await place.promotion(`${place.app}-v2`);
      seen(status?.targets);
      return status?.targets?.some((t) => t.name === target && t.state === state);
    },
    { timeoutMs: patienceMs },
  );
}

/** From now on every request to that target's new version fails. */
export async function failRequests(
  { controls }: Setting,
  place: Place,
  target: string,
  patienceMs?: number,
): Promise<void> {
  await untilState(place, target, 'Analysing', patienceMs);
  await controls.behave(imageFor(target, 'v2'), { errorRate: 1 });
}

/** Waits until a promotion like this has ended. */
export function untilOver(
  { api, namespace }: Setting,
  isMeant: (promotion: Promotion & KubeObject) => boolean,
): Promise<unknown> {
  return until(
    'a promotion has ended',
    async (seen) => {
      const { items } = await api.list<Promotion & KubeObject>(sluicePath(namespace, 'promotions'));
      const found = items.find(isMeant);
      seen(found?.status);
      return found?.status?.completedAt !== undefined;
    },
    { timeoutMs: 150_000 },
  );
}

/** Waits until an Environment says so. */
export function untilPlace(
  place: Place,
  what: string,
  says: (status: EnvironmentStatus) => boolean | undefined,
): Promise<unknown> {
  return until(
    `the Environment of ${place.app} says ${what}`,
    async (seen) => {
      const { status } = await place.environment();
      seen(status);
      return status && says(status);
    },
    { timeoutMs: PATIENCE_MS },
  );
}
