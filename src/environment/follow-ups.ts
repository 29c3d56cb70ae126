import type { Decision, Environment, EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';

/* What an emergency has skipped is approved afterwards, by somebody else. */

type FollowUp = NonNullable<EnvironmentStatus['followUps']>[number];

/** Emergencies kept in mind at the same time; more than there are in any place. */
const MOST = 64;

/** What is due because of this promotion; undefined: it is no emergency, has skipped nothing, or changed nothing. */
function dueFor({ metadata, spec, status }: Promotion, environment: Environment): FollowUp | undefined {
  const startedAt = fromTime(status?.startedAt);
  const { emergency } = environment.spec;
  if (spec.changeType !== 'Emergency' || !emergency || startedAt === undefined) return undefined;
  const skipped = status?.bypassed?.map((b) => b.what) ?? [];
  if (skipped.length === 0) return undefined;
  return {
    promotion: metadata.name,
    uid: metadata.uid,
    by: spec.requestedBy ?? '',
    ticket: spec.emergency?.ticket ?? '',
    dueAt: toTime(startedAt + emergency.followUpSeconds * 1000),
  };
}

/** The Approve that settles it: by anybody but who asked for the emergency. */
function settledBy(
  followUp: Pick<FollowUp, 'uid' | 'by'>,
  decisions: readonly Decision[],
): Decision | undefined {
  return decisions.find(
    ({ spec }) =>
      spec.verdict === 'Approve' && spec.promotion?.uid === followUp.uid && spec.by !== followUp.by,
  );
}

/** Emergencies whose follow-up is due: those on record, and those that have begun since. */
function dueNow({ environment, promotions }: Input): FollowUp[] {
  const before = environment.status?.followUps ?? [];
  const used = environment.status?.decisions ?? [];
  const fresh = promotions.flatMap((p) => {
    const due = dueFor(p, environment);
    const isKnown = due === undefined || before.some((f) => f.uid === due.uid);
    // Settled before: what settled it is on record under the promotion's name.
    const isSettled = used.some((d) => d.promotion === p.metadata.name && d.verdict === 'Approve');
    return isKnown || isSettled ? [] : [due];
  });
  return [...before, ...fresh];
}

/** Those that are open: what somebody else has approved is not. */
export function followUpsOf(input: Input): FollowUp[] {
  return dueNow(input)
    .filter((f) => !settledBy(f, input.decisions))
    .slice(-MOST);
}

/** Approves that settle a follow-up now. */
export function settling(input: Input): Decision[] {
  return dueNow(input).flatMap((f) => settledBy(f, input.decisions) ?? []);
}

/** Those whose time is over. */
export function overdue(followUps: readonly FollowUp[], now: number): FollowUp[] {
  return followUps.filter((f) => (fromTime(f.dueAt) ?? now) <= now);
}
