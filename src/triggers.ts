import { isTold } from './api/v1alpha1/accepted.ts';
import type { RawObject } from './api/v1alpha1/parse.ts';
import { reasonOf } from './api/v1alpha1/reasons.ts';
import type { Decision, Environment, Promotion } from './api/v1alpha1/types.ts';
import type { ReplicaSet, Rollout } from './delivery/rollout/types.ts';
import type { Informer } from './kube/informer.ts';
import { keyOf, splitKey } from './kube/paths.ts';
import type { Admission } from './policy/compare.ts';
import type { WorkQueue } from './kube/workqueue.ts';
import {
  BY_ENVIRONMENT,
  BY_GATE,
  BY_PROMOTION,
  BY_ROLLOUT,
  BY_SOURCE,
  BY_UPSTREAM,
  environmentOf,
  freezesOf,
  isUnfinished,
  type Loose,
  UNFINISHED,
} from './promotion/indexes.ts';
import { laneOf } from './promotion/lane.ts';
import { concernsEnvironment, isBehind, stand, wakesOthers } from './waking.ts';

/*
 * Which change makes which object be looked at again. A change is only a hint: whoever is looked at
 * reads everything anew.
 */

export interface Caches {
  promotions: Informer<RawObject>;
  environments: Informer<RawObject>;
  gates: Informer<RawObject>;
  decisions: Informer<RawObject>;
  rollouts: Informer<Rollout>;
  replicaSets: Informer<ReplicaSet>;
  policies: Informer<Admission>;
  bindings: Informer<Admission>;
}

export interface Queues {
  promotions: WorkQueue;
  environments: WorkQueue;
  gates: WorkQueue;
  decisions: WorkQueue;
}

/** What comes of one write after another, an Environment says once. */
const TOGETHER_MS = 500;

const imagesIn = ({ spec }: ReplicaSet): string =>
  (spec.template?.spec?.containers ?? []).map((c) => c.image ?? '').join(' ');

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
    queues.promotions.add(keyOf(raw), isNewAndBehind(raw) ? 'low' : laneOf(raw as Promotion));
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
    for (const key of environmentOf(object)) {
      // Of those on a promotion the place uses the approvals that come after an emergency.
      const { status } = (environmentAt(key) ?? {}) as Partial<Environment>;
      if (!on || status?.followUps) queues.environments.add(key);
      if (freezesOf(object).length > 0) promotionsOf(key);
    }
  });
  const decisionsOn = (raws: readonly RawObject[]): void => {
    // One that says that it was used says nothing else any more.
    for (const raw of raws) if (!isTold(raw as Decision)) queues.decisions.add(keyOf(raw));
  };

  caches.environments.onEvent(({ object }) => {
    queues.environments.add(keyOf(object));
    promotionsOf(keyOf(object));
    for (const raw of caches.promotions.store.byIndex(BY_SOURCE, keyOf(object))) promotion(raw);
    // What is good here may rise from here.
    for (const downstream of caches.environments.store.byIndex(BY_UPSTREAM, keyOf(object))) {
      queues.environments.add(keyOf(downstream));
      promotionsOf(keyOf(downstream));
    }
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
        if (reasonOf(raw as Promotion) !== 'Queued') promotion(raw);
    for (const raw of caches.promotions.store.byIndex(BY_ROLLOUT, key)) promotion(raw);
  };
  const placesOf = (key: string): void => {
    for (const environment of caches.environments.store.byIndex(BY_ROLLOUT, key))
      queues.environments.addAfter(keyOf(environment), TOGETHER_MS);
  };
  caches.rollouts.onEvent(({ object }) => {
    rollout(keyOf(object));
    placesOf(keyOf(object));
  });
  caches.replicaSets.onEvent((event) => {
    const { object } = event;
    // What runs may drift without a change of its Rollout; how many pods there are is no matter of the place.
    const isOther = event.type !== 'updated' || imagesIn(object) !== imagesIn(event.previous);
    for (const owner of object.metadata.ownerReferences ?? []) {
      if (owner.kind !== 'Rollout') continue;
      const key = `${object.metadata.namespace}/${owner.name}`;
      rollout(key);
      if (isOther) placesOf(key);
    }
  });
}
