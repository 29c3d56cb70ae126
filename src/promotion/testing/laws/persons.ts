import type { ApprovalSpec } from '../../../api/v1alpha1/types.ts';
import type { Effect } from '../../../delivery/delivery.ts';
import { allowedShare } from '../facts.ts';
import type { World } from '../world.ts';
import { anyOf, decisionsIn, type Law, targetOf } from './law.ts';

/* Stated anew here, and by nothing of the product: what is not a law of its own cannot fail. */

/**
 * Whoever has ever approved a gate, is a person and was not refused: what passed once stays passed, whatever is withdrawn
 * later.
 */
function personsOn({ approvals, refused }: World, gate: string): Set<string> {
  return new Set(
    approvals
      .filter((a) => a.gate === gate && a.verdict === 'Approve' && !a.by.startsWith('system:'))
      .filter((a) => !refused.has(a.uid))
      .map((a) => a.by),
  );
}

/** Whoever may be the one who has asked for it, of these persons. */
function mayHaveAsked({ requester, byMachine, promotion }: World, persons: Set<string>): string[] {
  if (requester !== undefined) return [requester];
  if (byMachine) return [];
  const named = promotion.spec.requestedBy;
  return [...persons, ...(named === undefined ? [] : [named])];
}

/** Whoever may have asked, and whoever else is named for it. */
const without = (persons: Set<string>, ...who: (string | undefined)[]): number =>
  [...persons].filter((p) => !who.includes(p)).length;

/** The approval gates that are to have passed, whether or not they are there to be seen, before a target serves so much. */
function dueAt({ environment, scene }: World, share: number): [string, ApprovalSpec][] {
  return (environment.spec.gates ?? []).flatMap(
    ({ gate, when, fromWeight = 0 }): [string, ApprovalSpec][] => {
      const approval = scene.gates.get(gate)?.spec.approval;
      const isDue = when === 'Before' || (when === 'During' && fromWeight <= share);
      return approval && isDue ? [[gate, approval]] : [];
    },
  );
}

/** The most that a target is to serve after what was decided; undefined: it goes no further forward. */
function riseOf(world: World, effect: Effect): number | undefined {
  const model = targetOf(world, effect.target)?.model;
  if (!model || (effect.kind !== 'Apply' && effect.kind !== 'Advance')) return undefined;
  return allowedShare(model, effect.kind === 'Apply' ? -1 : effect.step);
}

const approved: Law = {
  id: 'S3',
  of: [6],
  says: 'nothing is begun, and serves more, without as many different persons as its approval gates ask for, and none of them asked for it',
  broken: (step) => {
    const { before } = step;
    const rises = decisionsIn(step).flatMap(({ effect }) => riseOf(before, effect) ?? []);
    if (rises.length === 0) return undefined;
    return anyOf(dueAt(before, Math.max(...rises)), ([name, approval]) => {
      const { required, requesterMayApprove } = approval;
      const persons = personsOn(before, name);
      if (requesterMayApprove)
        return (
          persons.size < required &&
          `gate ${name} asks for ${required} persons, ${persons.size} have approved`
        );
      // Two at least have seen it: who has asked for it, and who has approved. A machine sees nothing.
      if (before.requester === undefined && persons.size < 2) return `fewer than two have seen gate ${name}`;
      const named = before.promotion.spec.requestedBy;
      const suspects = mayHaveAsked(before, persons);
      const others = Math.min(
        without(persons, before.byMachine ? undefined : named),
        ...suspects.map((who) => without(persons, who, named)),
      );
      return (
        others < required &&
        `gate ${name} asks for ${required} others than who has asked for it, ${others} are sure to be`
      );
    });
  },
};

/** The approval gates that persons have let pass, and not a Bypass or an emergency. */
function passed({
  promotion,
  bypasses,
  scene,
}: World): { gate: string; required: number; isDistinct: boolean }[] {
  const { status, spec } = promotion;
  if (spec.changeType === 'Emergency') return [];
  const names = new Set((status?.gates ?? []).flatMap((g) => (g.verdict === 'Pass' ? g.gate : [])));
  return [...names].flatMap((gate) => {
    const approval = scene.gates.get(gate)?.spec.approval;
    if (!approval || bypasses.some((b) => b.gate === gate)) return [];
    return [{ gate, required: approval.required, isDistinct: approval.persons === 'Distinct' }];
  });
}

/** All ways to choose some of them. */
const choices = <T>(list: readonly T[]): T[][] =>
  list.reduce<T[][]>((all, one) => [...all, ...all.map((some) => [...some, one])], [[]]);

/** There are as many persons as gates of distinct persons ask for together, and one other gate besides. */
const enough: Law = {
  id: 'S3 levels',
  of: [6],
  says: 'gates of distinct persons that have passed have been approved by as many persons as they ask for together',
  broken: ({ after }) => {
    const gates = passed(after);
    const asking = choices(gates.filter((g) => g.isDistinct)).flatMap((some) => [
      some,
      ...gates.filter((g) => !g.isDistinct).map((one) => [...some, one]),
    ]);
    return anyOf(asking, (some) => {
      const persons = new Set(some.flatMap(({ gate }) => [...personsOn(after, gate)]));
      const needed = some.reduce((sum, g) => sum + g.required, 0);
      return (
        persons.size < needed &&
        `gates ${some.map((g) => g.gate).join(', ')} ask for ${needed} persons, ${persons.size} have approved them`
      );
    });
  },
};

/** Whoever has let a gate pass stands on record for it. */
const told: Law = {
  id: 'S3 record',
  of: [6],
  says: 'of each approval gate that has passed it stands on record by whom',
  broken: ({ after }) => {
    const used = (after.promotion.status?.decisions ?? []).filter((d) => d.verdict === 'Approve');
    return anyOf(passed(after), ({ gate, required }) => {
      const by = used.filter((d) => d.gate === gate).length;
      return (
        by < required && `gate ${gate} has passed, which asks for ${required}, and ${by} stand on record`
      );
    });
  },
};

/** Who was used at a gate of distinct persons was used at no other. */
const distinct: Law = {
  id: 'S3 distinct',
  of: [6],
  says: 'nobody counts at a gate of distinct persons and at another one',
  broken: ({ after }) => {
    const used = (after.promotion.status?.decisions ?? []).filter((d) => d.verdict === 'Approve');
    return anyOf(used, (one) => {
      if (after.scene.gates.get(one.gate ?? '')?.spec.approval?.persons !== 'Distinct') return undefined;
      const other = used.find((d) => d.by === one.by && d.gate !== one.gate);
      return other && `${one.by} counts at gate ${one.gate ?? ''} and at ${other.gate ?? ''}`;
    });
  },
};

export const PERSONS: readonly Law[] = [approved, distinct, enough, told];
