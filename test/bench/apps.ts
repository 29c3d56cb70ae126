import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { type FirstSeen, firstSeen } from './first-seen.ts';
import { environmentOf, promotionOf } from './manifests.ts';
import { each } from './worlds.ts';

/* Apps that real controllers run: made through the API, one Rollout with pods each. */

/** Names of `n` apps. */
export function namesOf(prefix: string, n: number): string[] {
  return Array.from({ length: n }, (_, i) => `${prefix}-${String(i).padStart(5, '0')}`);
}

/** Creates a Rollout for each name and waits until all are Healthy. */
export async function createApps(
  api: Api,
  namespace: string,
  names: readonly string[],
  rollout: (name: string) => Rollout,
): Promise<void> {
  const healthy = await firstSeen<Rollout>(api, rolloutPath(namespace), isHealthy);
  await each(names, (name) => api.create(rolloutPath(namespace), rollout(name)));
  await healthy.count(names.length, 'every Rollout is Healthy', 300_000);
  healthy.stop();
}

const isHealthy = ({ metadata, status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.observedGeneration === String(metadata.generation);

/** Gives each app an Environment with these gates. */
export async function createEnvironments(
  api: Api,
  namespace: string,
  names: readonly string[],
  gates: readonly string[],
): Promise<void> {
  await each(names, (name) => apply(api, environmentOf(namespace, name, { gates })));
}

/** Creates a promotion of each app to a version, all at once. */
export async function promoteAll(
  api: Api,
  namespace: string,
  names: readonly string[],
  version: string,
): Promise<void> {
  await each(names, (name) =>
    api.create(sluicePath(namespace, 'promotions'), promotionOf(namespace, name, version)),
  );
}

/** Watches promotions of a namespace end; `look` gets every version of each. */
export function watchEnds(
  api: Api,
  namespace: string,
  look: (promotion: Promotion & KubeObject) => void = () => {},
): Promise<FirstSeen<Promotion & KubeObject>> {
  return firstSeen<Promotion & KubeObject>(api, sluicePath(namespace, 'promotions'), (promotion) => {
    look(promotion);
    return promotion.status?.completedAt !== undefined;
  });
}

/** Waits until `n` promotions have ended. @throws Error when one of them ended otherwise than well */
export async function untilAllSucceeded(ends: FirstSeen<Promotion & KubeObject>, n: number): Promise<void> {
  await ends.count(n, 'every promotion has ended', 300_000);
  ends.stop();
  const bad = [...ends.objects.values()].find((promotion) => reasonOf(promotion) !== 'Succeeded');
  if (bad) throw new Error(`${bad.metadata.name} ended as ${reasonOf(bad)}`);
}
