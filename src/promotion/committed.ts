import { COMMITTED_AT_ANNOTATION } from '../api/v1alpha1/names.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { fromRfc3339 } from '../runtime/time.ts';

/* When a change was committed, as far as whoever promotes it has said so. */

type Metadata = Pick<Promotion['metadata'], 'annotations' | 'creationTimestamp'>;

/** What the annotation says, milliseconds since the epoch; undefined: nothing, or nothing that can be. */
export function committedAt({ annotations, creationTimestamp }: Metadata): number | undefined {
  const at = fromRfc3339(annotations?.[COMMITTED_AT_ANNOTATION]);
  // Nobody promotes what is not there yet.
  return at !== undefined && at <= Date.parse(creationTimestamp) ? at : undefined;
}

/** What is wrong with the annotation, and what comes of it; undefined: nothing. */
export function committedComplaint(metadata: Metadata): string | undefined {
  const said = metadata.annotations?.[COMMITTED_AT_ANNOTATION];
  if (said === undefined || committedAt(metadata) !== undefined) return undefined;
  const what =
    fromRfc3339(said) === undefined
      ? 'is no time in RFC 3339'
      : 'lies ahead of the creation of this Promotion';
  return `annotation ${COMMITTED_AT_ANNOTATION}: ${said.slice(0, 64)} ${what}, so that lead time does not count from there: set what git log -1 --format=%cI prints, on a clock that is right`;
}
