import { refusalOfRollback } from '../environment/rollbacks.ts';
import { fromTime } from '../runtime/time.ts';
import type { Input } from './decide.ts';
import { type Fate, no } from './fate.ts';

/* Decisions on a place, which the Environment uses: what it has used stands in its status. */

/** A Freeze, a Thaw, and the like; undefined: it is the Environment's to use. */
export function onPlace({ decision, environment, now }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  if (!environment)
    return no(
      'WrongEnvironment',
      `Environment ${spec.environment} does not exist: name the one that is meant`,
    );
  if (environment.status?.decisions?.some((d) => d.uid === metadata.uid))
    return { status: 'True', reason: 'Used', message: `used by Environment ${spec.environment}` };
  if (spec.verdict === 'Freeze' && (fromTime(spec.until) ?? now + 1) <= now)
    return no('Expired', 'until was past when it was looked at: create a new Decision with a later one');
  if (spec.verdict === 'Rollback') {
    const refusal = refusalOfRollback(environment, decision);
    if (refusal !== undefined) return no('DigestMismatch', refusal);
  }
  return undefined;
}

/** A Release, out of the Environment's quarantine. */
export function released({ decision, environment }: Input): Fate | undefined {
  const { spec, metadata } = decision;
  if (!environment)
    return no(
      'WrongEnvironment',
      `Environment ${spec.environment} does not exist: name the one that refuses the image`,
    );
  if (environment.status?.released?.some((r) => r.uid === metadata.uid))
    return { status: 'True', reason: 'Used', message: `released on target ${spec.target ?? ''}` };
  const refused = environment.status?.quarantine?.some(
    (q) => q.target === spec.target && q.revisionDigest === spec.revisionDigest,
  );
  if (refused) return undefined;
  return no(
    'DigestMismatch',
    `target ${spec.target ?? ''} refuses nothing of this revisionDigest: take status.revisionDigest of the Promotion that failed`,
  );
}
