import type { GateResult } from '../api/v1alpha1/types.ts';
import { nameOnRecord } from '../environment/used.ts';
import { fromTime, toTime } from '../runtime/time.ts';
import {
  type Approval,
  type ApprovalBinding,
  EVERY_TARGET,
  type Measure,
  neededFor,
  refusalOf,
  resultFor,
} from './approvals.ts';
import { assign, type Claim, excludes } from './assign.ts';
import { type Awaited, awaited, type Elsewhere, howToApprove } from './awaited.ts';
import { type Pass, passOverGate } from './bypass.ts';
import type { Input } from './input.ts';
import { imagesOf, revisionDigest } from './revision.ts';
import { MOST_APPROVALS } from './used.ts';

/** What an approval gate says of the promotion as a whole: it is asked once, and not of each target. */
export interface ApprovalFold {
  results: GateResult[];
  /** Decisions by which a gate passed in this pass. */
  used: Approval[];
  /** The gates that have not passed, with what is awaited from whom and until when; undefined: none. */
  awaiting?: Awaited[];
}

/** A gate that asks now, and who may count there. */
interface Asking extends Claim {
  one: ApprovalBinding;
  /** What counts by itself, whoever else has approved and wherever. */
  standing: readonly Approval[];
  /** Who does not count, since they count at another gate. */
  elsewhere: readonly Elsewhere[];
}

/** Each person's last word on one gate, but for rejections; oldest first. */
function standingOn(gate: string, approvals: readonly Approval[]): Approval[] {
  const last = new Map<string, Approval>();
  for (const approval of approvals) {
    if (approval.gate !== gate || approval.verdict === 'Reject') continue;
    last.delete(approval.by);
    if (approval.verdict === 'Approve') last.set(approval.by, approval);
  }
  return [...last.values()];
}

/**
 * Asks approval gates, in the order of the plan. A gate that has passed stays passed: what was used is on record, and
 * is neither asked again nor does it expire.
 */
export function foldApprovals(input: Input, asked: readonly ApprovalBinding[]): ApprovalFold {
  const fold: ApprovalFold = { results: [], used: [] };
  const asking = new Map<ApprovalBinding, Asking>();
  for (const one of asked)
    if (resultFor(input.promotion, one.binding)?.verdict !== 'Pass' && !passOf(input, one))
      asking.set(one, askingOf(input, one));
  const assigned = assign([...asking.values()]);
  for (const one of asked) {
    const before = resultFor(input.promotion, one.binding);
    const open = asking.get(one);
    if (open) ask(input, open, assigned, fold);
    else if (before?.verdict === 'Pass') fold.results.push(before);
    else {
      const pass = passOf(input, one);
      if (pass) fold.results.push(bypassedResult(one, pass, input.now));
    }
  }
  return fold;
}

/** Who lets it pass over an approval gate. */
export const passOf = (input: Input, { binding }: Pick<ApprovalBinding, 'binding'>): Pass | undefined =>
  passOverGate(input, binding.gate, true);

/** Who may count at a gate: what was used at another one stays used there. */
function askingOf(input: Input, one: ApprovalBinding): Asking {
  const { promotion, now, approvals, gates } = input;
  const { binding, spec } = one;
  const measure: Measure = {
    spec,
    requester: input.requester ?? promotion.spec.requestedBy,
    revisionDigest: revisionDigest(imagesOf(promotion)),
    now,
  };
  const claim = { gate: binding.gate, distinct: spec.persons === 'Distinct' };
  const used = countedIn(input).flatMap(({ gate, by }): Elsewhere[] => {
    const distinct = gates.get(gate)?.spec.approval?.persons === 'Distinct';
    return excludes({ gate, distinct }, claim) ? [{ by, gate }] : [];
  });
  // What has let this gate pass at another time is used: it is asked anew here.
  const spent = new Set((promotion.status?.decisions ?? []).map(({ uid }) => uid));
  const standing = standingOn(binding.gate, approvals).filter(
    (a) => !spent.has(a.uid) && refusalOf(a, measure) === undefined,
  );
  const elsewhere = used.filter(({ by }) => standing.some((a) => nameOnRecord(a.by) === by));
  const by = standing
    .map((a) => a.by)
    .filter((person) => !elsewhere.some((e) => e.by === nameOnRecord(person)));
  return { ...claim, needed: neededFor(spec, input), by, one, standing, elsewhere };
}

/** What one gate says that has not passed before this pass. */
function ask(
  input: Input,
  open: Asking,
  assigned: ReadonlyMap<Claim, readonly string[]>,
  fold: ApprovalFold,
): void {
  const { promotion, now } = input;
  const { binding, spec, gate } = open.one;
  const found = assigned.get(open);
  // What passes a gate has to stand on record.
  const more = fold.used.length + (found?.length ?? 0);
  const isFull = found !== undefined && countedIn(input).length + more > MOST_APPROVALS;
  const chosen = isFull ? undefined : found;
  const before = resultFor(promotion, binding);
  const since = before && !chosen ? before.since : toTime(now);
  // Who counts at another gate in this very pass is used there from now on.
  const lost = [...assigned].flatMap(([other, persons]) =>
    excludes(other, open) && other !== open
      ? persons.filter((by) => open.by.includes(by)).map((by): Elsewhere => ({ by, gate: other.gate }))
      : [],
  );
  const elsewhere = [...open.elsewhere, ...lost];
  const by = chosen ?? open.by.filter((person) => !lost.some((l) => l.by === person));
  const counted = open.standing.filter((a) => by.includes(a.by));
  const pagesAt =
    spec.escalateAfterSeconds === undefined
      ? undefined
      : (fromTime(since) ?? now) + spec.escalateAfterSeconds * 1000;
  const awaits = awaited(input, open.one, { needed: open.needed, counted, elsewhere, pagesAt });
  const waiting = isFull ? { ...awaits, message: noRoom(binding.gate) } : awaits;
  const message = chosen
    ? `approved by ${chosen.join(', ')}`
    : isFull
      ? waiting.message
      : `${waiting.message}: ${howToApprove(input, [binding.gate])}`;
  fold.results.push({
    gate: binding.gate,
    when: binding.when,
    target: EVERY_TARGET,
    verdict: chosen ? 'Pass' : 'Inconclusive',
    since,
    message: message.slice(0, 512),
    sampleCount: by.length,
    ...(gate.metadata.generation !== undefined && { gateGeneration: gate.metadata.generation }),
  });
  if (chosen) fold.used.push(...counted);
  else (fold.awaiting ??= []).push(waiting);
}

const noRoom = (gate: string): string =>
  `gate ${gate} has enough approvals, and status.decisions room for ${MOST_APPROVALS} that count in one promotion: have its gates ask for fewer persons, or bypass one`;

/** Whether nobody was asked at this approval gate, since it was passed over. */
export function isBypassed({ target, message }: GateResult): boolean {
  return target === EVERY_TARGET && message.startsWith('bypassed by ');
}

/** Who counts at which gate already, by the names on record. */
function countedIn({ promotion, counting = [] }: Input): Elsewhere[] {
  const approves = (promotion.status?.decisions ?? []).filter((d) => d.verdict === 'Approve');
  return [
    ...approves.map(({ by, gate = '' }) => ({ by, gate })),
    ...counting.map(({ by, gate }) => ({ by: nameOnRecord(by), gate })),
  ];
}

function bypassedResult({ binding, gate }: ApprovalBinding, pass: Pass, now: number): GateResult {
  return {
    gate: binding.gate,
    when: binding.when,
    target: EVERY_TARGET,
    verdict: 'Pass',
    since: toTime(now),
    message: `bypassed by ${pass.by} (${pass.ticket}): ${pass.reason}`.slice(0, 512),
    ...(gate.metadata.generation !== undefined && { gateGeneration: gate.metadata.generation }),
  };
}
