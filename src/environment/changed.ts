import { digestOf } from '../api/v1alpha1/images.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { committedAt } from '../promotion/committed.ts';
import { imagesOf } from '../promotion/revision.ts';
import { earliest, fromTime, toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';

/* When a change was made, which lead time counts from. It goes up a chain with its images. */

/** An image of a revision, as far as it can be told again. */
interface Image {
  digest?: string | undefined;
}

/** When these Environments first heard of an image, milliseconds since the epoch. */
function heardOf(places: readonly Environment[], digest: string | undefined): number | undefined {
  const known = places.flatMap(({ status }) => [
    ...(status?.targets ?? []).flatMap(({ current, lastGood }) => [current, lastGood]),
    ...(status?.history ?? []),
  ]);
  return earliest(
    ...known
      .filter((k) => digest !== undefined && k?.images?.some((i) => digestOf(i) === digest))
      .map((k) => fromTime(k?.changedAt)),
  );
}

/**
 * When a revision's youngest image was changed, by what these Environments have on record; undefined: one of its images
 * is new to them.
 */
export function changeKnownTo(places: readonly Environment[], images: readonly Image[]): number | undefined {
  const times = images.map(({ digest }) => heardOf(places, digest));
  const known = times.filter((t) => t !== undefined);
  return known.length === times.length && known.length > 0 ? Math.max(...known) : undefined;
}

/**
 * When the change that a promotion brings was made: as it says itself, as it has taken it over from another Environment,
 * as this one or those upstream have it on record, else when it was created: it is the first of its chain then.
 */
export function changedAt(
  { environment, upstreams }: Pick<Input, 'environment' | 'upstreams'>,
  promotion: Promotion,
): string {
  const created = Date.parse(promotion.metadata.creationTimestamp);
  const inherited =
    fromTime(promotion.status?.changedAt) ??
    changeKnownTo(
      [environment, ...upstreams.values()],
      promotion.status?.revision?.images ?? imagesOf(promotion),
    );
  return toTime(committedAt(promotion.metadata) ?? Math.min(inherited ?? created, created));
}
