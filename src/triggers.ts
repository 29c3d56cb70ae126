import { findCondition } from './api/v1alpha1/conditions.ts';
import type { RawObject } from './api/v1alpha1/parse.ts';
import { waitsForOthers } from './api/v1alpha1/reasons.ts';
import type { Decision, Environment, Promotion } from './api/v1alpha1/types.ts';
import type { ReplicaSet, Rollout } from './delivery/rollout/types.ts';
import type { Informer } from './kube/informer.ts';
import type { StoreEvent } from './kube/store.ts';
import { keyOf, splitKey } from './kube/paths.ts';
import type { Lane, WorkQueue } from './kube/workqueue.ts';
import { BY_ENVIRONMENT, BY_PROMOTION, BY_ROLLOUT, environmentOf, rolloutKey } from './promotion/gather.ts';
import { standing } from './promotion/start/turn.ts';

/*
 * Which change makes which object be looked at again. A change is only a hint: whoever is looked at
 * reads everything anew.
 */

/** Index of Environments by `namespace/gate`. */
export const BY_GATE = 'gate';
/** Index of unfinished Promotions by `namespace/environment`. */
export const UNFINISHED = 'unfinished';

/** Index of unfinished Promotions by the `namespace/environment` that they take their revision from. */
export const BY_SOURCE = 'source';

type Loose<T> = { spec?: Partial<T extends { spec: infer S } ? S : never> };

export function rolloutsOfEnvironment(raw: RawObject): string[] {
  const { spec } = raw as Loose<Environment>;
  return (spec?.targets ?? []).map(
    (t) => `${t.rollout?.namespace ?? raw.metadata.namespace}/${t.rollout?.name}`,
  );
}

export function gatesOfEnvironment(raw: RawObject): string[] {
  const { spec } = raw as Loose<Environment>;
  return (spec?.gates ?? []).map((g) => `${raw.metadata.namespace}/${g.gate}`);
}

/** A Promotion that has not ended. */
export function isUnfinished(raw: RawObject): boolean {
  return findCondition(raw as Promotion, 'Completed')?.status !== 'True';
}

export function rolloutsOfPromotion(raw: RawObject): string[] {
  if (!isUnfinished(raw)) return [];
  const { status } = raw as Promotion;
  return (status?.plan?.targets ?? []).map((t) => rolloutKey(raw.metadata.namespace ?? '', t.rollout));
}

export function unfinishedFor(raw: RawObject): string[] {
  return isUnfinished(raw) ? environmentOf(raw) : [];
}

export function sourceOfPromotion(raw: RawObject): string[] {
  const { spec } = raw as Loose<Promotion>;
  return spec?.from && isUnfinished(raw) ? [`${raw.metadata.namespace}/${spec.from.environment}`] : [];
}

export interface Caches {
  promotions: Informer<RawObject>;
  environments: Informer<RawObject>;
  gates: Informer<RawObject>;
  decisions: Informer<RawObject>;
  rollouts: Informer<Rollout>;
  replicaSets: Informer<ReplicaSet>;
}

export interface Queues {
  promotions: WorkQueue;
  environments: WorkQueue;
  gates: WorkQueue;
  decisions: WorkQueue;
}

function reasonOf(raw: RawObject): string | undefined {
  return findCondition(raw as Promotion, 'Succeeded')?.reason;
}

/** What an Environment and the Decisions on it depend on. */
function stand(raw: RawObject): string {
  const { status, metadata } = raw as Promotion;
  const places = status?.targets?.map((t) => `${t.state}${t.step}`);
  return [
    metadata.deletionTimestamp,
    reasonOf(raw),
    status?.plan?.hash,
    status?.revert?.detectedAt,
    places?.join(),
    status?.decisions?.length,
  ].join('|');
}

/** What those behind it in the queue depend on: not how far it is. */
const turn = (raw: RawObject): string =>
  [raw.metadata.deletionTimestamp, standing(reasonOf(raw)), (raw as Promotion).status?.plan?.hash].join('|');

/**
 * Whether the other promotions of its Environment have to be looked at again: a new one is behind all of them, and
 * that it waits for its turn changes nothing for anybody.
 */
export function wakesOthers(event: StoreEvent<RawObject>, concurrency: string | undefined): boolean {
  if (event.type === 'added') return concurrency === 'Replace';
  return event.type === 'deleted' || turn(event.object) !== turn(event.previous);
}

/** What goes back goes before what goes forward; what waits for others goes last, however many there are. */
export function laneOf(raw: RawObject): Lane {
  if ((raw as Promotion).status?.revert && isUnfinished(raw)) return 'prompt';
  return waitsForOthers(reasonOf(raw)) ? 'low' : 'normal';
}

const hasBegun = (raw: RawObject): boolean => (raw as Promotion).status?.plan !== undefined;

/**
 * Whether a promotion that nobody has looked at yet can only wait, so that thousands that come at once do not go before
 * one that can begin: nothing is known of its Environment, or another one has begun there.
 * @param unfinished all that are for that Environment.
 */
export function isBehind(
  raw: RawObject,
  environment: RawObject | undefined,
  unfinished: () => readonly RawObject[],
): boolean {
  if (reasonOf(raw) !== undefined) return false;
  if (!environment) return true;
  const { spec } = environment as Loose<Environment>;
  if (spec?.concurrency === 'Replace') return false;
  return unfinished().some((other) => other.metadata.uid !== raw.metadata.uid && hasBegun(other));
}

/** An Environment keeps record of what has begun there, and of nothing that waits. */
function concernsEnvironment(event: StoreEvent<RawObject>): boolean {
  return hasBegun(event.object) || (event.type === 'updated' && hasBegun(event.previous));
}

/** What comes of one write after another, an Environment says once. */
const TOGETHER_MS = 500;

/** Connects the caches with the queues. */
export function connect(caches: Caches, queues: Queues): void {
  const environmentAt = (key: string): RawObject | undefined => {
    const { namespace, name } = splitKey(key);
    return caches.environments.store.get(namespace, name);
  };
  const isNewAndBehind = (raw: RawObject): boolean =>
    environmentOf(raw).some((key) =>
      isBehind(raw, environmentAt(key), () => caches.promotions.store.byIndex(UNFINISHED, key)),
    );
  const promotion = (raw: RawObject): void =>
    queues.promotions.add(keyOf(raw), isNewAndBehind(raw) ? 'low' : laneOf(raw));
  const promotionsOf = (environment: string): void => {
    for (const raw of caches.promotions.store.byIndex(UNFINISHED, environment)) promotion(raw);
  };

  caches.promotions.onEvent((event) => {
    promotion(event.object);
    if (event.type === 'updated' && stand(event.object) === stand(event.previous)) return;
    decisionsOn(caches.decisions.store.byIndex(BY_PROMOTION, event.object.metadata.uid));
    for (const key of environmentOf(event.object)) {
      // An end is recorded at once: what comes next there depends on it.
      if (concernsEnvironment(event))
        queues.environments.addAfter(key, isUnfinished(event.object) ? TOGETHER_MS : 0);
      const environment = environmentAt(key) as Loose<Environment> | undefined;
      // Without it they all wait, and are told when it comes.
      if (environment && wakesOthers(event, environment.spec?.concurrency)) promotionsOf(key);
    }
  });

  caches.decisions.onEvent(({ object }) => {
    queues.decisions.add(keyOf(object));
    const { promotion: on } = (object as Loose<Decision>).spec ?? {};
    // What a person decides goes before everything else, as a revert does.
    if (on) queues.promotions.add(`${object.metadata.namespace}/${on.name}`, 'urgent');
    else for (const key of environmentOf(object)) queues.environments.add(key);
  });
  const decisionsOn = (raws: readonly RawObject[]): void => {
    for (const raw of raws) queues.decisions.add(keyOf(raw));
  };

  caches.environments.onEvent(({ object }) => {
    queues.environments.add(keyOf(object));
    promotionsOf(keyOf(object));
    for (const raw of caches.promotions.store.byIndex(BY_SOURCE, keyOf(object))) promotion(raw);
    decisionsOn(caches.decisions.store.byIndex(BY_ENVIRONMENT, keyOf(object)));
  });

  caches.gates.onEvent(({ object }) => {
    queues.gates.add(keyOf(object));
    for (const environment of caches.environments.store.byIndex(BY_GATE, keyOf(object))) {
      queues.environments.add(keyOf(environment));
      promotionsOf(keyOf(environment));
    }
    // A Promotion may bind a Gate that its Environment does not.
    for (const raw of caches.promotions.store.list(object.metadata.namespace))
      if (isUnfinished(raw)) promotion(raw);
  });

  const rollout = (key: string): void => {
    // Those that wait for their turn are told by the promotion that has it.
    for (const environment of caches.environments.store.byIndex(BY_ROLLOUT, key))
      for (const raw of caches.promotions.store.byIndex(UNFINISHED, keyOf(environment)))
        if (reasonOf(raw) !== 'Queued') promotion(raw);
    for (const raw of caches.promotions.store.byIndex(BY_ROLLOUT, key)) promotion(raw);
  };
  caches.rollouts.onEvent(({ object }) => {
    rollout(keyOf(object));
    for (const environment of caches.environments.store.byIndex(BY_ROLLOUT, keyOf(object)))
      queues.environments.addAfter(keyOf(environment), TOGETHER_MS);
  });
  caches.replicaSets.onEvent(({ object }) => {
    for (const owner of object.metadata.ownerReferences ?? [])
      if (owner.kind === 'Rollout') rollout(`${object.metadata.namespace}/${owner.name}`);
  });
}
