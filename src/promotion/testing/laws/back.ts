import { REVERT_FINALIZER } from '../../../api/v1alpha1/names.ts';
import { declared, isBack, isChanged } from '../facts.ts';
import { textOf } from '../view.ts';
import type { World } from '../world.ts';
import { anyOf, decisionsIn, type Law, targetOf } from './law.ts';

const wins: Law = {
  id: 'S4 wins',
  of: [3],
  says: 'once a revert has begun, or all is over, nothing is recorded, applied or advanced, and the cause stands',
  broken: (step) => {
    const { before, after } = step;
    const forward = decisionsIn(step).find(
      ({ effect, promotion }) =>
        promotion.status?.revert && ['Record', 'Apply', 'Advance'].includes(effect.kind),
    );
    if (forward) return `${forward.effect.kind} on ${forward.effect.target} during the revert`;
    const [was, is] = [before.promotion.status?.revert, after.promotion.status?.revert];
    if (was && (is?.reason !== was.reason || is.detectedAt !== was.detectedAt))
      return `the revert for ${was.reason} has become one for ${is?.reason ?? 'nothing'}`;
    if (!was && !before.ended) return undefined;
    return anyOf(after.targets, (t) => {
      const then = targetOf(before, t.target.name);
      const again = then && !isChanged(before, then) && isChanged(after, t);
      return again && `the new revision is declared on ${t.target.name} once more`;
    });
  },
};

const once: Law = {
  id: 'S4 once',
  of: [3],
  says: 'the recorded template is not put back where it is seen to stand already',
  broken: (step) =>
    anyOf(decisionsIn(step), ({ effect, seen }) => {
      const model = effect.kind === 'Restore' ? seen.get(effect.target) : undefined;
      return model && !isChanged(step.before, { model }) && `${effect.target} is restored once more`;
    }),
};

const recorded: Law = {
  id: 'S4 recorded',
  of: [4, 7],
  says: 'what is declared is exactly the recorded template, or it with the new images; and while it is, it is on record',
  broken: ({ after }) =>
    anyOf(after.targets, (t) => {
      const { template, promoted } = after.scene;
      if (!isChanged(after, t)) return undefined;
      if (declared(t.model) !== promoted) return `${t.target.name} declares a third template`;
      if (after.ended) return undefined;
      if (!t.recorded) return `${t.target.name} is changed, and nothing is on record to go back to`;
      if (textOf(t.recorded.template as object) !== template)
        return `what is on record of ${t.target.name} is not what was there`;
      if (after.promotion.metadata.finalizers?.includes(REVERT_FINALIZER)) return undefined;
      return `${t.target.name} is changed, and nothing keeps the Promotion from being deleted`;
    }),
};

const back: Law = {
  id: 'S4 back',
  of: [3, 4],
  says: 'a promotion that has ended without success has every target back: nobody served by it, the old one stable and healthy, when that was proven; and the old one is declared to the end',
  broken: ({ before, after }) => {
    const hasEnded = !before.ended && after.ended && after.reason !== 'Succeeded';
    const left = after.targets.find((t) => {
      const { name } = t.target;
      if (!wasTouched(after, name)) return false;
      // What others do to it after the proof, its health for one, is theirs.
      if (isProven(before, name)) return hasEnded && isChanged(after, t);
      return (hasEnded || isProven(after, name)) && !isBack(after, t);
    });
    return left && `it is ${after.reason}, and ${left.target.name} is not back`;
  },
};

/** It has been said of the target that it is back. */
function isProven({ promotion }: World, name: string): boolean {
  return promotion.status?.targets?.find((t) => t.name === name)?.state === 'RolledBack';
}

/** The promotion has begun on this target, and nobody else has taken it away since. */
function wasTouched({ promotion }: World, name: string): boolean {
  const status = promotion.status?.targets?.find((t) => t.name === name);
  return status !== undefined && status.reason === undefined && status.state !== 'Ended';
}

export const BACK: readonly Law[] = [wins, once, recorded, back];
