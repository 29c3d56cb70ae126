import { calendarOf, freezeOf } from '../../../environment/calendar.ts';
import { heldBy } from '../../orders.ts';
import { allowedShare, isThere, lastStep, newShare } from '../facts.ts';
import { anyOf, decisionsIn, type Law, type Step, targetOf } from './law.ts';

/** A target of the waves before that nothing has ever proven at full promotion. */
function unprovenBefore({ before }: Step, name: string): string | undefined {
  const wave = targetOf(before, name)?.target.wave ?? 0;
  return anyOf(before.targets, ({ target, model }) => {
    if (target.wave >= wave || before.passed.get(target.name) === lastStep(model)) return undefined;
    return `${name} begins, and ${target.name} of a wave before was never proven at full promotion`;
  });
}

/** The state law behind S2: whatever was decided, users are never served more than was proven. */
const weight: Law = {
  id: 'S1',
  of: [1],
  says: 'users never get more of the new revision than the step after the last one that every gate passed',
  broken: ({ after }) =>
    anyOf(after.targets, ({ target, model }) => {
      if (after.pushed.has(target.name)) return undefined;
      const [share, allowed] = [newShare(model), allowedShare(model, after.passed.get(target.name) ?? -1)];
      if (share <= allowed) return undefined;
      return `${target.name} gives ${share.toFixed(1)} % to the new revision, ${allowed} % are proven`;
    }),
};

const verdict: Law = {
  id: 'S2',
  of: [1, 2],
  says: 'no advance, no next wave and no success but by passes of every gate, in a row, newer than the step has settled',
  broken: (step) => {
    const { before, after } = step;
    const decided = anyOf(decisionsIn(step), ({ effect }) => {
      if (effect.kind === 'Apply') return unprovenBefore(step, effect.target);
      if (effect.kind !== 'Advance') return undefined;
      if (before.proof.proves(before.scene.gates, effect.target, effect.step)) return undefined;
      return `${effect.target} is advanced from step ${effect.step}, which nothing has proven`;
    });
    if (decided || after.reason !== 'Succeeded' || before.ended) return decided;
    return anyOf(after.targets, (t) => {
      const proven = before.proof.proves(before.scene.gates, t.target.name, lastStep(t.model));
      if (proven && isThere(after, t)) return undefined;
      return `it has succeeded, and ${t.target.name} is not ${proven ? 'fully promoted' : 'proven there'}`;
    });
  },
};

const hold: Law = {
  id: 'S2 hold',
  of: [6],
  says: "nothing goes forward under a person's Hold",
  broken: (step) => {
    if (!heldBy(step.before)) return undefined;
    const forward = decisionsIn(step).find(({ effect }) => ['Apply', 'Advance'].includes(effect.kind));
    return forward && `${forward.effect.kind} on ${forward.effect.target} under a Hold`;
  },
};

const pause: Law = {
  id: 'S2 pause',
  of: [],
  says: 'nothing goes forward under a freeze or under a window whose onClose is Pause',
  broken: (step) => {
    const { environment, freezes, now } = step.before;
    const calendar = calendarOf(environment, now);
    const isClosed = calendar && !calendar.open && calendar.onClose === 'Pause';
    if (!isClosed && !freezeOf(environment, freezes, now)) return undefined;
    if (step.before.bypasses.length > 0) return undefined;
    const forward = decisionsIn(step).find(({ effect }) => ['Apply', 'Advance'].includes(effect.kind));
    return forward && `${forward.effect.kind} on ${forward.effect.target} while the Environment is closed`;
  },
};

export const FORWARD: readonly Law[] = [weight, verdict, hold, pause];
