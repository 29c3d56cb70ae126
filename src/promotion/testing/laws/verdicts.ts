import { abortedBy } from '../../orders.ts';
import { declared, isChanged, isInMidRollout } from '../facts.ts';
import type { World } from '../world.ts';
import { anyOf, type Law, targetOf } from './law.ts';

/** An order has whole seconds. */
const ORDER_MS = 1000;

/**
 * Gates that have failed, as the operator has it in memory, about the place where it asks; but for what a person
 * has said since to judge anew, and for a target that it has not yet on record that its new pods were begun.
 */
function failedIn({ memory, orders, promotion }: World): string[] {
  const resumed = orders.findLast((o) => o.verdict === 'Resume')?.at ?? Number.NEGATIVE_INFINITY;
  return [...memory.requests].flatMap(([key, { epoch, target }]) => {
    const state = promotion.status?.targets?.find((t) => t.name === target.name)?.state;
    const judgement = memory.judgements.get(key);
    if (judgement?.epoch !== epoch || judgement.verdict !== 'Fail' || state === 'Applying') return [];
    return judgement.since < resumed + ORDER_MS ? [] : [key];
  });
}

const cause: Law = {
  id: 'S2 cause',
  of: [2],
  says: 'a revert begins by a gate that has really failed, by an abort, or by what a policy says of a deadline',
  broken: ({ before, after, passes }) => {
    const { revert } = after.promotion.status ?? {};
    if (!revert || before.promotion.status?.revert) return undefined;
    const gate = after.scene.gates.get(revert.reason);
    if (gate && revert.quarantine && !after.proof.hasFailed(gate, revert.target ?? ''))
      return `it goes back for gate ${revert.reason}, which has not failed`;
    const { onBlind } = after.environment.spec.analysis;
    if (gate && !revert.quarantine && onBlind !== 'Revert' && gate.spec.onDeadline !== 'Revert')
      return `it goes back because gate ${revert.reason} has no verdict`;
    if (revert.reason === 'Aborted' && !abortedBy(after)) return 'it goes back by an Abort that nobody gave';
    const seen = passes.flatMap((p) => [...p.seen.values()]);
    if (revert.reason === 'ExternalAbort' && !seen.some((model) => model.rollout.status?.abort))
      return 'it goes back by an abort of a Rollout that nobody has aborted';
    return undefined;
  },
};

const next: Law = {
  id: 'L2',
  of: [3],
  says: 'after a Fail the next pass begins the revert, and takes back every target in mid-rollout at once',
  broken: ({ before, passes }) => {
    const [pass] = passes;
    const { status } = before.promotion;
    const failed = failedIn(before);
    if (!pass || !status?.plan || status.revert || before.ended || failed.length === 0) return undefined;
    if (before.environment.spec.rollback.onFail !== 'Revert') return undefined;
    const { effects, status: decided } = pass.decided;
    // Hands off: somebody else has promoted it, or changed what was to be judged.
    if (decided.targets?.some((t) => t.reason !== undefined)) return undefined;
    if (!decided.revert) return `${failed.join(', ')} has failed, and no revert begins`;
    return anyOf([...pass.seen], ([target, model]) => {
      const state = status.targets?.find((t) => t.name === target)?.state;
      if (state === 'Pending' || !isChanged(before, { model }) || !isInMidRollout(model)) return undefined;
      // An abort is refused while the controller is half-way through a step; the template is not.
      const back = effects.some((e) => ['Abort', 'Restore'].includes(e.kind) && e.target === target);
      return !back && `${failed.join(', ')} has failed, and ${target} is not taken back`;
    });
  },
};

const taken: Law = {
  id: 'S2 taken',
  of: [5, 7],
  says: "nothing that Sluice has done itself is called somebody else's",
  broken: ({ after }) =>
    anyOf(after.promotion.status?.targets ?? [], ({ name, reason }) => {
      const model = targetOf(after, name)?.model;
      if (reason === undefined || !model) return undefined;
      const isTheirs = isChanged(after, { model }) && declared(model) !== after.scene.promoted;
      if (reason === 'ExternalPromotion' ? after.pushed.has(name) : isTheirs) return undefined;
      return `${name} is called ${reason}, and nobody has touched it`;
    }),
};

export const VERDICTS: readonly Law[] = [cause, next, taken];
