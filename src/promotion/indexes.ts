import type { RawObject } from '../api/v1alpha1/parse.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { hasEnded } from './status.ts';

/* What the caches are looked up by. Nothing has been checked yet of the objects that are indexed. */

/** Index of the Promotion store by `namespace/environment`. */
export const BY_ENVIRONMENT = 'environment';
/** Index of the Decision store by the UID of the Promotion that is decided on. */
export const BY_PROMOTION = 'promotion';
/** Index of Environments and of Promotions in flight by `rolloutKey`. */
export const BY_ROLLOUT = 'rollout';

/** `namespace/name` of a Rollout that an object in `namespace` refers to. */
export function rolloutKey(
  namespace: string,
  rollout: { name: string; namespace?: string | undefined },
): string {
  return `${rollout.namespace ?? namespace}/${rollout.name}`;
}

/** Index of Environments by `namespace/gate`. */
export const BY_GATE = 'gate';
/** Index of unfinished Promotions by `namespace/environment`. */
export const UNFINISHED = 'unfinished';

/** Index of unfinished Promotions by the `namespace/environment` that they take their revision from. */
export const BY_SOURCE = 'source';

/** A spec of which nothing is known. */
export type Loose<T> = { spec?: Partial<T extends { spec: infer S } ? S : never> };

/** Promotions index themselves by the Environment they are for. */
export function environmentOf(raw: RawObject): string[] {
  const { environment } = (raw.spec ?? {}) as { environment?: unknown };
  return typeof environment === 'string' ? [`${raw.metadata.namespace}/${environment}`] : [];
}

/** Decisions index themselves by the UID of the Promotion that they are on. */
export function promotionOf(raw: RawObject): string[] {
  const uid = (raw.spec as { promotion?: { uid?: unknown } } | undefined)?.promotion?.uid;
  return typeof uid === 'string' ? [uid] : [];
}

/** Index of the Freezes and Thaws by `namespace/environment`. */
export const FREEZES = 'freezes';

/** Freezes and Thaws index themselves by the Environment they are for. */
export function freezesOf(raw: RawObject): string[] {
  const { verdict } = (raw.spec ?? {}) as { verdict?: unknown };
  return verdict === 'Freeze' || verdict === 'Thaw' ? environmentOf(raw) : [];
}

/** Environments index themselves by the Rollouts of their targets. */
export function rolloutsOfEnvironment(raw: RawObject): string[] {
  const { spec } = raw as Loose<Environment>;
  return (spec?.targets ?? []).map(
    (t) => `${t.rollout?.namespace ?? raw.metadata.namespace}/${t.rollout?.name}`,
  );
}

/** Index of Environments by the `namespace/environment` that is upstream of them. */
export const BY_UPSTREAM = 'upstream';

/** Environments index themselves by those upstream of them. */
export function upstreamsOf(raw: RawObject): string[] {
  const { spec } = raw as Loose<Environment>;
  return (spec?.upstream?.environments ?? []).map((e) => `${raw.metadata.namespace}/${e.name}`);
}

/** Environments index themselves by the Gates that they bind. */
export function gatesOfEnvironment(raw: RawObject): string[] {
  const { spec } = raw as Loose<Environment>;
  return (spec?.gates ?? []).map((g) => `${raw.metadata.namespace}/${g.gate}`);
}

/** A Promotion that has not ended. */
export function isUnfinished(raw: RawObject): boolean {
  return !hasEnded(raw as Promotion);
}

/** Promotions in flight index themselves by the Rollouts of their plan. */
export function rolloutsOfPromotion(raw: RawObject): string[] {
  if (!isUnfinished(raw)) return [];
  const { status } = raw as Promotion;
  return (status?.plan?.targets ?? []).map((t) => rolloutKey(raw.metadata.namespace ?? '', t.rollout));
}

/** Promotions that have not ended index themselves by the Environment they are for. */
export function unfinishedFor(raw: RawObject): string[] {
  return isUnfinished(raw) ? environmentOf(raw) : [];
}

/** Promotions that have not ended index themselves by the Environment they take their revision from. */
export function sourceOfPromotion(raw: RawObject): string[] {
  const { spec } = raw as Loose<Promotion>;
  return spec?.from && isUnfinished(raw) ? [`${raw.metadata.namespace}/${spec.from.environment}`] : [];
}
