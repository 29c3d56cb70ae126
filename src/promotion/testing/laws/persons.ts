import { isMachine, neededFor } from '../../approvals.ts';
import type { World } from '../world.ts';
import { anyOf, decisionsIn, type Law } from './law.ts';

/** Whoever has ever approved a gate and counts: what passed once stays passed, whatever is withdrawn later. */
function personsOn({ approvals, requester }: World, gate: string, requesterMayApprove: boolean): Set<string> {
  const counts = (by: string): boolean => !isMachine(by) && (requesterMayApprove || by !== requester);
  return new Set(
    approvals.filter((a) => a.gate === gate && a.verdict === 'Approve' && counts(a.by)).map((a) => a.by),
  );
}

const approved: Law = {
  id: 'S3',
  of: [6],
  says: 'nothing is begun without as many different persons as its approval gates ask for, and none of them asked for it',
  broken: (step) => {
    const { before } = step;
    const applies = decisionsIn(step).some(({ effect }) => effect.kind === 'Apply');
    if (!applies) return undefined;
    return anyOf([...before.scene.gates], ([name, { spec }]) => {
      if (!spec.approval) return undefined;
      const persons = personsOn(before, name, spec.approval.requesterMayApprove);
      const needed = neededFor(spec.approval, before.requester);
      return (
        persons.size < needed && `gate ${name} asks for ${needed} persons, ${persons.size} have approved`
      );
    });
  },
};

export const PERSONS: readonly Law[] = [approved];
