import { canonicalJson } from '../../src/runtime/hash.ts';
import type { Course } from './course.ts';

/** A time in which nobody worked, on the monotonic clock of who looks. */
export interface Down {
  from: number;
  to: number;
}

/** Somebody who works goes back so soon after a Fail, or does not go back at all. */
const GRACE_MS = 10_000;

type Told = Course['told'][number];

/** Milliseconds between two moments in which somebody worked. */
function aliveBetween(from: number, to: number, downs: readonly Down[]): number {
  const dead = downs.map((d) => Math.max(0, Math.min(d.to, to) - Math.max(d.from, from)));
  return to - from - dead.reduce((sum, ms) => sum + ms, 0);
}

/** The gate that has failed by what a version of the Promotion says, and that decides; undefined: none. */
function failedIn({ plan, gateAt, target }: Course, { at, promotion, gates }: Told): string | undefined {
  const failed = gates.find(({ gate: name, failures = 0, verdict, gateGeneration }) => {
    if (name !== 'rollout' && !plan.gates.some((b) => b.gate === name)) return false;
    const gate = gateAt(name, at);
    const isPassedOver = promotion.status?.bypassed?.some(({ what }) => what === `gate/${name}`) ?? false;
    if (gate?.spec.advisory || isPassedOver) return false;
    // Also where it has seen more failures than the Gate tolerates and says something else of them.
    const isSame = gate !== undefined && gate.metadata.generation === gateGeneration;
    return verdict === 'Fail' || (isSame && gate.spec.prometheus && failures > gate.spec.failureLimit);
  });
  return failed && `gate ${failed.gate} of ${target}`;
}

/**
 * L2: where a gate that decides has failed, the revert is begun by whoever works there, and then the abort follows, or
 * the recorded template does.
 */
export function aborts(
  course: Course,
  { downs = [], until = 0 }: { downs?: readonly Down[]; until?: number },
): string[] {
  const { told, rollouts, rollout, canaryHash, environmentAt } = course;
  const failed = told.find((one) => failedIn(course, one) !== undefined);
  // Somebody else has taken it over: nothing is left to go back from.
  if (!failed || told.some(({ status }) => status.reason !== undefined)) return [];
  if (environmentAt(failed.at)?.spec.rollback.onFail === 'Hold') return [];
  const says = `${failedIn(course, failed) ?? ''} has failed by version ${failed.at}`;
  const reverted = told.find(({ promotion }) => promotion.status?.revert);
  const ended = told.find(({ promotion }) => promotion.status?.completedAt !== undefined);
  const waited = aliveBetween(failed.seen, reverted?.seen ?? ended?.seen ?? until, downs);
  if (!reverted && ended) return [`${says}, and it ended without a revert at version ${ended.at}`];
  if (waited > GRACE_MS)
    return [`${says}, and ${reverted ? 'the' : 'no'} revert began in ${(waited / 1000).toFixed(1)} s`];
  const begun = rollouts.findIndex((r) => r.rollout.status?.currentPodHash === canaryHash);
  if (!reverted || begun < 0) return [];
  const [first] = rollouts;
  const recorded = first && canonicalJson(first.rollout.spec.template);
  // As it stood when the Fail was told, or later: what cannot be written at once is told after it was acted on.
  const isBack = rollouts.some(
    ({ rollout: seen }, i) =>
      i > begun &&
      (rollouts[i + 1]?.at ?? Number.POSITIVE_INFINITY) > failed.at &&
      (seen.status?.abort === true || canonicalJson(seen.spec.template) === recorded),
  );
  return isBack
    ? []
    : [`${rollout} was neither aborted nor brought back after the Fail at version ${failed.at}`];
}
