import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { extended, PLACE_BOUNDS, type Trail } from '../audit/kept.ts';
import type { Link } from '../audit/chain.ts';
import { toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import { placeRecords } from './records.ts';

/** The trail of a place after this change of its status; where there was none it begins with what stands there. */
export function placeTrail(
  { environment, promotions, decisions }: Pick<Input, 'environment' | 'promotions' | 'decisions'>,
  after: EnvironmentStatus,
  at: string,
): Trail | undefined {
  const { metadata, status } = environment;
  const before = status?.audit ? status : undefined;
  const records = placeRecords(before, after, promotions, (uid) =>
    decisions.find((d) => d.metadata.uid === uid),
  );
  return extended(metadata.uid, status?.audit, records, at, PLACE_BOUNDS);
}

/** A status with its trail, and the records that are new. Alone a trail is no reason to write. */
export function onRecord(
  input: Input,
  decided: EnvironmentStatus,
): { status: EnvironmentStatus; fresh: readonly Link[] } {
  const { audit: kept, ...before } = input.environment.status ?? {};
  const trail = isDeepStrictEqual(before, decided)
    ? undefined
    : placeTrail(input, decided, toTime(input.now));
  const audit = trail?.audit ?? kept;
  return { status: { ...decided, ...(audit && { audit }) }, fresh: trail?.fresh ?? [] };
}
