import type { RawObject } from './api/v1alpha1/parse.ts';
import { reasonOf } from './api/v1alpha1/reasons.ts';
import type { Environment, Promotion } from './api/v1alpha1/types.ts';
import type { StoreEvent } from './kube/store.ts';
import type { Loose } from './promotion/indexes.ts';
import { standing } from './promotion/start/turn.ts';

/* Whom a change of a promotion concerns, and how soon it has to be looked at. */

/** What an Environment and the Decisions on it depend on. */
export function stand(raw: RawObject): string {
  const { status, metadata } = raw as Promotion;
  const places = status?.targets?.map((t) => `${t.state}${t.step}`);
  return [
    metadata.deletionTimestamp,
    reasonOf(raw as Promotion),
    status?.plan?.hash,
    status?.revert?.detectedAt,
    places?.join(),
    status?.decisions?.length,
    // A full record lets go of one where another one comes.
    status?.decisions?.at(-1)?.uid,
  ].join('|');
}

/** What those behind it in the queue depend on: not how far it is. */
const turn = (raw: RawObject): string =>
  [
    raw.metadata.deletionTimestamp,
    standing(reasonOf(raw as Promotion)),
    (raw as Promotion).status?.plan?.hash,
  ].join('|');

/**
 * Whether the other promotions of its Environment have to be looked at again: a new one is behind all of them, and
 * that it waits for its turn changes nothing for anybody.
 */
export function wakesOthers(event: StoreEvent<RawObject>, concurrency: string | undefined): boolean {
  if (event.type === 'added') return concurrency === 'Replace';
  return event.type === 'deleted' || turn(event.object) !== turn(event.previous);
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
  if (reasonOf(raw as Promotion) !== undefined) return false;
  if (!environment) return true;
  const { spec } = environment as Loose<Environment>;
  if (spec?.concurrency === 'Replace') return false;
  return unfinished().some((other) => other.metadata.uid !== raw.metadata.uid && hasBegun(other));
}

/**
 * An Environment keeps record of what has begun there, and of nothing that waits; what is gone leaves its name free, and
 * no longer keeps what comes by itself from coming.
 */
export function concernsEnvironment(event: StoreEvent<RawObject>): boolean {
  if (event.type === 'deleted') return true;
  return hasBegun(event.object) || (event.type === 'updated' && hasBegun(event.previous));
}
