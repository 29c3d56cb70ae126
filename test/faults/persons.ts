import type { ApprovalSpec, GateBinding, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { environmentBefore, gateBefore, isBypassedBefore } from './course.ts';
import type { Version } from './history.ts';

/*
 * S3 over a history: when a promotion begins, or says that an approval gate has passed, there are Decisions of enough
 * different persons, stored before that version. It reads what the API server stored, and asks the product nothing.
 */

type Kept = Promotion & KubeObject;
type DecisionVersion = Extract<Version, { kind: 'Decision' }>;

const isPerson = (name: string | undefined): name is string =>
  name !== undefined && !name.startsWith('system:');

/** An approval gate of a promotion, from the version on at which it has to have passed. */
interface Due {
  binding: GateBinding;
  at: number;
  spec: ApprovalSpec;
}

/** Whether a version of a promotion shows that it went on as if the gate of this binding had passed. */
function wentPast({ status }: Kept, { gate, when, fromWeight = 0, targets }: GateBinding): boolean {
  const result = status?.gates?.find((g) => g.gate === gate && g.when === when);
  if (result?.verdict === 'Pass') return true;
  const begun = status?.targets?.filter(({ state }) => !['Pending', 'Ended'].includes(state)) ?? [];
  if (when === 'After') return begun.some(({ state }) => state === 'Succeeded');
  const own = begun.filter(({ name }) => targets?.includes(name) ?? true);
  if (when === 'Before') return own.length > 0;
  return own.some(({ weight = 0 }) => weight > 0 && weight >= fromWeight);
}

/** The approval gates of one promotion that it has gone past. */
function dueOf(versions: readonly Version[], own: readonly { at: number; object: Kept }[]): Due[] {
  const plan = own.find(({ object }) => object.status?.plan)?.object.status?.plan;
  return (plan?.gates ?? []).flatMap((binding): Due[] => {
    const past = own.find(({ object }) => wentPast(object, binding));
    const spec = past && gateBefore(versions, binding.gate, past.at)?.spec.approval;
    return past && spec ? [{ binding, at: past.at, spec }] : [];
  });
}

/** Who has approved a gate of exactly this revision before a version, and counts. */
function personsOn(decisions: readonly DecisionVersion[], of: Kept, { binding, at, spec }: Due): Set<string> {
  const { uid } = of.metadata;
  const { requestedBy } = of.spec;
  const counted = decisions.filter(
    ({ at: stored, object: { spec: said } }) =>
      stored < at &&
      said.verdict === 'Approve' &&
      said.gate === binding.gate &&
      said.promotion?.uid === uid &&
      said.revisionDigest === of.status?.revisionDigest &&
      isPerson(said.by) &&
      (spec.requesterMayApprove || said.by !== requestedBy),
  );
  return new Set(counted.map(({ object }) => object.spec.by));
}

/** Who is known to have asked: named where the API server's admission has proven it. */
function askedBy({ metadata, spec }: Kept, provenSince: number): string | undefined {
  return isProven(metadata.creationTimestamp, provenSince) ? spec.requestedBy : undefined;
}

/** Times of creation are whole seconds, rounded down. */
const isProven = (created: string | undefined, provenSince: number): boolean =>
  Date.parse(created ?? '') + 1000 > provenSince;

/** Where nobody is known to have asked any of them may have: one more. A machine has seen nothing: two at least. */
function neededFor({ requesterMayApprove, required }: ApprovalSpec, requester: string | undefined): number {
  if (requesterMayApprove || isPerson(requester)) return required;
  return requester === undefined ? required + 1 : Math.max(2, required);
}

/** Whether nobody is asked beforehand: an emergency that a person has asked for, and whose Environment says so. */
function isSkipped(versions: readonly Version[], of: Kept, provenSince: number, at: number): boolean {
  const { changeType, environment } = of.spec;
  return (
    changeType === 'Emergency' &&
    isPerson(askedBy(of, provenSince)) &&
    (environmentBefore(versions, environment, at)?.spec.emergency?.maySkip.includes('Approval') ?? false)
  );
}

function lacking(
  decisions: readonly DecisionVersion[],
  own: readonly { at: number; object: Kept }[],
  due: Due[],
  provenSince: number,
): string[] {
  const persons = new Set<string>();
  let needed = 0;
  return due
    .toSorted((a, b) => a.at - b.at)
    .flatMap((one) => {
      const then = own.findLast(({ at }) => at <= one.at)?.object;
      if (!then || isBypassedBefore(decisions, then.metadata.uid, one.binding.gate, one.at)) return [];
      const on = personsOn(decisions, then, one);
      const wanted = neededFor(one.spec, askedBy(then, provenSince));
      for (const by of on) persons.add(by);
      needed += wanted;
      const said = `${then.metadata.name} went past gate ${one.binding.gate} at version ${one.at}`;
      if (on.size < wanted) return [`${said}, which asks for ${wanted} persons, after ${on.size}`];
      // Who has approved one level does not count on another.
      return one.spec.persons === 'Distinct' && persons.size < needed
        ? [`${said} and others before it, which ask for ${needed} different persons, after ${persons.size}`]
        : [];
    });
}

/**
 * What speaks against S3, and how many approval gates were gone past: without any it says nothing.
 * @param provenSince epoch milliseconds since when the API server's admission proves who decides; a Decision of before
 * is nobody's
 */
export function approvals(
  versions: readonly Version[],
  provenSince = 0,
): { broken: string[]; gates: number } {
  const promotions = versions.filter((v) => v.kind === 'Promotion');
  const decisions = versions
    .filter((v) => v.kind === 'Decision')
    .filter(({ object }) => isProven(object.metadata.creationTimestamp, provenSince));
  const names = [...new Set(promotions.map(({ object }) => object.metadata.name))];
  const each = names.flatMap((name) => {
    const own = promotions.filter(({ object }) => object.metadata.name === name);
    const [first] = own;
    // What a person takes back asks nobody.
    if (!first || first.object.spec.rollback !== undefined || first.object.spec.dryRun) return [];
    const due = dueOf(versions, own).filter(({ at }) => !isSkipped(versions, first.object, provenSince, at));
    return [{ broken: lacking(decisions, own, due, provenSince), gates: due.length }];
  });
  return { broken: each.flatMap((e) => e.broken), gates: each.reduce((sum, e) => sum + e.gates, 0) };
}
