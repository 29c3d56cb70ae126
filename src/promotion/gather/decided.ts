import { isRefused, isTold } from '../../api/v1alpha1/accepted.ts';
import { parseDecision, parseGate, type RawObject } from '../../api/v1alpha1/parse.ts';
import type { Decision, Environment, Promotion } from '../../api/v1alpha1/types.ts';
import { freezeOrders, isOver } from '../../environment/calendar.ts';
import { isUsed } from '../../environment/used.ts';
import { isUsable, type Standing } from '../../policy/standing.ts';
import { bindingsOf } from '../bindings.ts';
import type { Bypass } from '../bypass.ts';
import { type Approval, isApproval, isMachine, oldestFirst, resultFor } from '../approvals.ts';
import { BY_PROMOTION, FREEZES } from '../indexes.ts';
import type { Input, Order } from '../input.ts';
import { inOrder, onRecord } from '../orders.ts';
import { environmentNamed, type Sources } from './sources.ts';

/* What people have decided: on this promotion, and on its Environment as far as it concerns it. */

/**
 * Decisions on this promotion (its UID, its Environment), and the Freezes and Thaws of its Environment, as far as they
 * can count: what was refused is not used later, when it happens to be possible, and what is over concerns nobody.
 */
function decisionsFor(
  sources: Sources,
  { metadata, spec, status }: Promotion,
  environment: Environment | undefined,
): Decision[] {
  const { uid, namespace } = metadata;
  const { decisions } = sources;
  const found = [
    ...decisions.byIndex(BY_PROMOTION, uid),
    ...decisions.byIndex(FREEZES, `${namespace}/${spec.environment}`),
  ];
  return found.flatMap((raw: RawObject) => {
    const parsed = parseDecision(raw);
    const isMeant =
      parsed.ok &&
      parsed.object.metadata.namespace === namespace &&
      parsed.object.spec.environment === spec.environment;
    if (!isMeant || isOver(parsed.object, sources.now())) return [];
    // What stands on record was used, whatever was said of it at the same moment.
    const counts = !isRefused(parsed.object) || isUsed(parsed.object, status, environment?.status);
    return counts ? [parsed.object] : [];
  });
}

/** Whether it matters if authors are proven: a Decision is not used yet, or it matters who asked for the promotion. */
export function needsStanding(sources: Sources, promotion: Promotion): boolean {
  // On the way back nothing is left to decide, and nothing is to hold that up.
  if (promotion.status?.revert) return false;
  const environment = environmentNamed(sources, promotion);
  return (
    (promotion.spec.rollback !== undefined && !promotion.status?.plan) ||
    asksWhoAsked(sources, promotion, environment) ||
    decisionsFor(sources, promotion, environment).some(
      (d) => !isUsed(d, promotion.status, environment?.status),
    )
  );
}

/** An emergency skips by whom it was asked for, and an approval gate that has not passed counts others only. */
function asksWhoAsked(
  { gates }: Sources,
  promotion: Promotion,
  environment: Environment | undefined,
): boolean {
  const { metadata, spec, status } = promotion;
  if (spec.requestedBy === undefined) return false;
  if (spec.changeType === 'Emergency') return true;
  return bindingsOf({ promotion, environment }).some(({ gate, when }) => {
    const raw = gates.get(metadata.namespace, gate);
    const parsed = raw && parseGate(raw);
    return (
      parsed?.ok && isApproval(parsed.object) && resultFor({ status }, { gate, when })?.verdict !== 'Pass'
    );
  });
}

type DecidedOn = Pick<
  Input,
  | 'rollback'
  | 'bypasses'
  | 'orders'
  | 'approvals'
  | 'freezes'
  | 'requester'
  | 'byMachine'
  | 'distrusted'
  | 'told'
>;

/**
 * What was decided by people whose names are proven.
 * @param standing how it stands with that; undefined: it does not matter.
 */
export function decidedOn(
  sources: Sources,
  promotion: Promotion,
  environment: Environment | undefined,
  standing: Standing | undefined,
): DecidedOn {
  const all = decisionsFor(sources, promotion, environment);
  const isProven = (d: Decision): boolean =>
    isUsed(d, promotion.status, environment?.status) ||
    (standing !== undefined && isUsable(standing, d.metadata.creationTimestamp));
  const proven = all.filter(isProven);
  const count = all.length - proven.length;
  const seen = new Set(all.map(({ metadata }) => metadata.uid));
  // One that was deleted was told before that.
  const gone = (promotion.status?.decisions ?? []).flatMap(({ uid }) => (seen.has(uid) ? [] : uid));
  return {
    orders: inOrder([...proven.flatMap(orderOf), ...onRecord(promotion, seen)]),
    approvals: oldestFirst(proven.flatMap(approvalOf)),
    rollback: rollbackOf(promotion, standing),
    told: new Set([...all.filter(isTold).map((d) => d.metadata.uid), ...gone]),
    bypasses: proven.flatMap(bypassOf),
    freezes: freezeOrders(proven, environment),
    ...requesterOf(promotion, standing),
    ...(count > 0 && standing && { distrusted: { count, message: distrust(standing) } }),
  };
}

function distrust(standing: Standing): string {
  return standing.trusted
    ? 'made before the admission policies were in force as they are now: create the Decision again'
    : standing.message;
}

function orderOf({ metadata, spec }: Decision): Order[] {
  const { by, verdict, reason } = spec;
  if (verdict !== 'Hold' && verdict !== 'Resume' && verdict !== 'Abort') return [];
  const at = Date.parse(metadata.creationTimestamp);
  return [{ name: metadata.name, uid: metadata.uid, by, verdict, at, reason }];
}

/** A Decision on an approval gate; none for other verdicts. */
export function approvalOf({ metadata, spec }: Decision): Approval[] {
  const { by, verdict, gate, revisionDigest, reason } = spec;
  if (verdict !== 'Approve' && verdict !== 'Reject' && verdict !== 'Revoke') return [];
  if (gate === undefined) return [];
  const at = Date.parse(metadata.creationTimestamp);
  return [{ name: metadata.name, uid: metadata.uid, by, verdict, gate, revisionDigest, at, reason }];
}

function bypassOf({ metadata, spec }: Decision): Bypass[] {
  const { by, verdict, gate, constraint, ticket = '', reason = '' } = spec;
  if (verdict !== 'Bypass') return [];
  const at = Date.parse(metadata.creationTimestamp);
  return [{ name: metadata.name, uid: metadata.uid, by, verdict, gate, constraint, ticket, reason, at }];
}

/** Only the operator may write that it is a rollback, as long as the policies are in force. */
function rollbackOf(
  { metadata, spec, status }: Promotion,
  standing: Standing | undefined,
): Input['rollback'] {
  if (!spec.rollback) return undefined;
  const isProven = status?.plan !== undefined || (standing && isUsable(standing, metadata.creationTimestamp));
  return isProven ? 'Proven' : 'Unproven';
}

/** A person or a machine that the API server has seen ask for it. */
function requesterOf(
  { metadata, spec }: Promotion,
  standing: Standing | undefined,
): Pick<Input, 'requester' | 'byMachine'> {
  const { requestedBy } = spec;
  const isProven = standing !== undefined && isUsable(standing, metadata.creationTimestamp);
  if (requestedBy === undefined || !isProven) return { requester: undefined, byMachine: false };
  const byMachine = isMachine(requestedBy);
  return { requester: byMachine ? undefined : requestedBy, byMachine };
}
