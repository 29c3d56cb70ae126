import type { Decision, Environment } from '../api/v1alpha1/types.ts';
import { rollbackName } from '../environment/destinations.ts';
import { isOver } from '../environment/calendar.ts';
import { refusalOfRollback } from '../environment/rollbacks.ts';
import { isEarlierSecond } from '../runtime/time.ts';
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
  const used = environment.status?.decisions?.find((d) => d.uid === metadata.uid);
  if (used)
    return {
      status: 'True',
      reason: 'Used',
      message: `used by Environment ${spec.environment}${used.to === undefined ? '' : bringing(environment, decision, used.to)}`,
    };
  if (isOver(decision, now))
    return no('Expired', 'its time was over when it was looked at: create a new Decision');
  if (spec.verdict === 'Rollback') {
    const refusal = refusalOfRollback(environment, decision);
    if (refusal !== undefined) return no('DigestMismatch', refusal);
  }
  return undefined;
}

/** What a Rollback brings back, and what it waits for. */
function bringing({ status }: Environment, { metadata, spec }: Decision, to: string): string {
  const name = rollbackName(metadata.uid);
  const ahead = status?.targets?.find(
    (t) => (spec.target ?? t.name) === t.name && t.candidate && t.candidate.promotion !== name,
  )?.candidate;
  const after = ahead ? `, once Promotion ${ahead.promotion} has ended: abort that to go back at once` : '';
  return `: Promotion ${name} brings back ${to}${after}`;
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
  const { quarantine = [], targets = [] } = environment.status ?? {};
  const refused = quarantine.filter(
    (q) => q.target === spec.target && q.revisionDigest === spec.revisionDigest,
  );
  if (refused.some((q) => !isEarlierSecond(metadata.creationTimestamp, q.since))) return undefined;
  if (refused.length > 0)
    return no(
      'DigestMismatch',
      `it was made before target ${spec.target ?? ''} refused this revisionDigest: look at why, then create it again`,
    );
  // What is on its way there may have failed, and not be refused yet.
  const { candidate } = targets.find((t) => t.name === spec.target) ?? {};
  if (candidate && candidate.revisionDigest === spec.revisionDigest) return undefined;
  return no(
    'DigestMismatch',
    `target ${spec.target ?? ''} refuses nothing of this revisionDigest: take status.revisionDigest of the Promotion that failed`,
  );
}
