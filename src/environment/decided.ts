import { isTold } from '../api/v1alpha1/accepted.ts';
import type { Decision, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import { toTime } from '../runtime/time.ts';
import type { FreezeOrder } from './calendar.ts';
import { settling } from './follow-ups.ts';
import type { Input } from './input.ts';
import { goingNow, recordOf } from './rollbacks.ts';
import { nameOnRecord, recorded, WORTH } from './used.ts';

/* The Decisions that a place has used, as they stand in its status. */

type Used = NonNullable<EnvironmentStatus['decisions']>[number];

function entryOf(
  { name, uid, by, verdict, at }: Omit<FreezeOrder, 'until' | 'reason' | 'verdict'> & { verdict: string },
  more: Partial<Used> = {},
): Used {
  return { name, uid, by: nameOnRecord(by), verdict, ...more, at: toTime(at) };
}

const orderOf = ({ metadata, spec }: Decision) => ({
  name: metadata.name,
  uid: metadata.uid,
  by: spec.by,
  verdict: spec.verdict,
  at: Date.parse(metadata.creationTimestamp),
});

/** Approves after emergencies that stay on record as long as their Promotions are there; more are told by themselves. */
const KEPT_APPROVES = 32;

function staying({ environment, promotions }: Input): Set<string> {
  const names = new Set(promotions.map((p) => p.metadata.name));
  const approves = (environment.status?.decisions ?? []).filter(
    (d) => d.verdict === 'Approve' && d.promotion !== undefined && names.has(d.promotion),
  );
  return new Set(approves.slice(-KEPT_APPROVES).map((d) => d.uid));
}

/** The record after this look. */
export function decisionsOf(input: Input): Used[] {
  const { environment, freezes, now, decisions: seen } = input;
  const before = environment.status?.decisions ?? [];
  const byUid = new Map(seen.map((d) => [d.metadata.uid, d]));
  const isNew = ({ uid }: { uid: string }): boolean => {
    const decision = byUid.get(uid);
    return !before.some((d) => d.uid === uid) && !(decision && isTold(decision));
  };
  const rollbacks = goingNow(input)
    .filter((d) => !input.unmade?.has(d.metadata.uid))
    .map((d) => {
      const { left, to } = recordOf(environment, d);
      return entryOf(orderOf(d), {
        ...(left !== undefined && { left }),
        ...(to !== undefined && { to: presentable(to, 512) }),
      });
    });
  const approves = settling(input).map((d) => entryOf(orderOf(d), { promotion: d.spec.promotion?.name }));
  const resumes = seen.filter((d) => d.spec.verdict === 'Resume').map((d) => entryOf(orderOf(d)));
  const frozen = freezes
    .filter((f) => now < f.until)
    .map((f) => entryOf(f, f.verdict === 'Freeze' ? { until: toTime(f.until) } : {}));
  const kept = staying(input);
  return recorded({
    before,
    counts: [...rollbacks, ...approves].filter(isNew),
    others: [...frozen, ...resumes].filter(isNew),
    worth: ({ uid }) => {
      if (kept.has(uid)) return WORTH.kept;
      const decision = byUid.get(uid);
      // One that is gone was told, and its time is over.
      return !decision || isTold(decision) ? WORTH.told : WORTH.untold;
    },
  });
}
