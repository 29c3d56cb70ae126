import type { Decision, Environment, EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { isMachine } from '../promotion/approvals.ts';
import { fromTime, isEarlierSecond, toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import { isUsed } from './used.ts';

/* What an emergency has skipped is approved afterwards, by somebody else. */

export type FollowUp = NonNullable<EnvironmentStatus['followUps']>[number];

/** The gate that an Approve afterwards names: of no Gate object, so that none before it can be meant. */
export const FOLLOW_UP = 'follow-up';

/** Emergencies kept in mind at the same time; more than there are in any place. */
const MOST = 64;
/** Of them are settled at one look. */
const MOST_AT_ONCE = 32;

/** What is due because of this promotion; undefined: it is no emergency, has skipped nothing, or changed nothing. */
export function dueFor(
  { metadata, spec, status }: Promotion,
  environment: Environment,
): FollowUp | undefined {
  const startedAt = fromTime(status?.startedAt);
  const { emergency } = environment.spec;
  if (spec.changeType !== 'Emergency' || !emergency || startedAt === undefined) return undefined;
  const bypassers = new Set(status?.bypassed?.map((b) => b.by));
  if (bypassers.size === 0) return undefined;
  return {
    promotion: metadata.name,
    uid: metadata.uid,
    by: spec.requestedBy ?? '',
    bypassedBy: [...bypassers],
    ticket: spec.emergency?.ticket ?? '',
    ...(status?.revisionDigest !== undefined && { revisionDigest: status.revisionDigest }),
    startedAt: toTime(startedAt),
    dueAt: toTime(startedAt + emergency.followUpSeconds * 1000),
  };
}

/** Whether an Approve afterwards is meant, of whatever promotion. */
export function isAfterwards({ spec }: Pick<Decision, 'spec'>): boolean {
  return spec.verdict === 'Approve' && spec.gate === FOLLOW_UP;
}

/** Why an Approve does not settle it, and what to do. */
export interface FollowUpRefusal {
  reason: 'NotAuthorised' | 'SelfApproval' | 'DigestMismatch' | 'WrongGate';
  message: string;
}

/** Why an Approve on gate `follow-up` of this promotion does not settle it; undefined: it does. */
export function refusalOfFollowUp(
  { promotion, by, bypassedBy, revisionDigest, startedAt }: Omit<FollowUp, 'dueAt' | 'ticket' | 'uid'>,
  { metadata, spec }: Pick<Decision, 'metadata' | 'spec'>,
): FollowUpRefusal | undefined {
  if (isMachine(spec.by))
    return {
      reason: 'NotAuthorised',
      message: 'a machine is no second pair of eyes: a person has to approve it afterwards',
    };
  if (spec.by === by || bypassedBy?.includes(spec.by))
    return {
      reason: 'SelfApproval',
      message: `${spec.by} has ${spec.by === by ? 'asked for this emergency' : 'let it pass'}: somebody else has to approve it afterwards`,
    };
  if (revisionDigest !== undefined && spec.revisionDigest !== revisionDigest)
    return {
      reason: 'DigestMismatch',
      message: `it approves another revision than emergency ${promotion} has brought, ${revisionDigest}: look at that one, then approve it`,
    };
  if (startedAt !== undefined && isEarlierSecond(metadata.creationTimestamp, startedAt))
    return {
      reason: 'WrongGate',
      message: `it was made before emergency ${promotion} began, at ${startedAt}: look at what it did, then approve again`,
    };
  return undefined;
}

/** The Approve that settles it. */
function settledBy(followUp: FollowUp, decisions: readonly Decision[]): Decision | undefined {
  return decisions.find(
    (d) =>
      isAfterwards(d) &&
      d.spec.promotion?.uid === followUp.uid &&
      refusalOfFollowUp(followUp, d) === undefined,
  );
}

/**
 * Whether what is due was approved before: what settled it is on record under the promotion's name, or says so itself
 * where the record has let go of it.
 */
export function isSettled(
  due: FollowUp,
  { status }: Environment,
  decisions: readonly Decision[] = [],
): boolean {
  const isOnRecord = (status?.decisions ?? []).some(
    (d) =>
      d.verdict === 'Approve' &&
      d.promotion === due.promotion &&
      // Another promotion had that name before.
      !isEarlierSecond(d.at, due.startedAt ?? d.at),
  );
  return (
    isOnRecord ||
    decisions.some((d) => isAfterwards(d) && d.spec.promotion?.uid === due.uid && isUsed(d, status))
  );
}

/** Emergencies whose follow-up is due: those on record, and those that have begun since. */
function dueNow({ environment, promotions, decisions }: Input): FollowUp[] {
  const before = environment.status?.followUps ?? [];
  const seen = promotions.flatMap((p) => dueFor(p, environment) ?? []);
  const known = before.map((f) => {
    const now = seen.find((s) => s.uid === f.uid);
    // In flight somebody may let more pass; until when it is due stays said.
    return now ? { ...now, dueAt: f.dueAt } : f;
  });
  const fresh = seen.filter(
    (s) => !before.some((f) => f.uid === s.uid) && !isSettled(s, environment, decisions),
  );
  return [...known, ...fresh];
}

/** Those that are open: what somebody else has approved is not. */
export function followUpsOf(input: Input): FollowUp[] {
  const settled = new Set(settling(input).map((d) => d.spec.promotion?.uid));
  return dueNow(input)
    .filter((f) => !settled.has(f.uid))
    .slice(-MOST);
}

/** Approves that settle a follow-up now: for each there is room on record. */
export function settling(input: Input): Decision[] {
  return dueNow(input)
    .flatMap((f) => settledBy(f, input.decisions) ?? [])
    .slice(0, MOST_AT_ONCE);
}

/** Those whose time is over. */
export function overdue(followUps: readonly FollowUp[], now: number): FollowUp[] {
  return followUps.filter((f) => (fromTime(f.dueAt) ?? now) <= now);
}
