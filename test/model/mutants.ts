import { findCondition } from '../../src/api/v1alpha1/conditions.ts';
import { promotionConditions } from '../../src/api/v1alpha1/reasons.ts';
import type { Gate } from '../../src/api/v1alpha1/types.ts';
import type { Effect, TargetView } from '../../src/delivery/delivery.ts';
import { decide } from '../../src/promotion/decide.ts';
import type { Decided, Input } from '../../src/promotion/input.ts';
import { hasEnded } from '../../src/promotion/status.ts';

/** The product, broken on purpose in one place. */
export type Mutant = typeof decide;

const views = (input: Input): [string, TargetView][] =>
  input.subjects.flatMap(({ target, observation }) =>
    observation.found ? [[target.name, observation.view] as [string, TargetView]] : [],
  );

/** What the product decides, and these effects besides. */
function besides(change: (input: Input, decided: Decided) => readonly Effect[]): Mutant {
  return (input) => {
    const decided = decide(input);
    if (hasEnded(input.promotion)) return decided;
    const more = change(input, decided);
    const kept = decided.effects.filter((e) => !more.some((m) => m.target === e.target));
    return { ...decided, effects: [...kept, ...more] };
  };
}

/** What the product decides, without the effects of one kind. */
function without(kind: Effect['kind']): Mutant {
  return (input) => {
    const decided = decide(input);
    return { ...decided, effects: decided.effects.filter((e) => e.kind !== kind) };
  };
}

/** The product, told one verdict for another. */
function mistaking(verdict: 'Inconclusive' | 'Error', read: 'Pass' | 'Fail'): Mutant {
  return (input) =>
    decide({
      ...input,
      judgement: (binding, target) => {
        const said = input.judgement(binding, target);
        if (said?.verdict !== verdict || said.epoch === 'preflight') return said;
        // What it takes for a pass is one of now, as that of a sample just taken.
        return { ...said, verdict: read, rowSince: said.last?.at ?? said.since };
      },
    });
}

const withStatus = (decided: Decided, change: Partial<Decided['status']>): Decided => ({
  ...decided,
  status: { ...decided.status, ...change },
});

function ending(decided: Decided, { now }: Input, reason: 'RolledBack' | 'Succeeded'): Decided {
  const time = new Date(now).toISOString();
  const conditions = promotionConditions(reason, 'it is over', {}).map((c) => ({
    ...c,
    lastTransitionTime: time,
  }));
  return { ...withStatus(decided, { conditions, completedAt: time }), effects: [], probes: [] };
}

export const advancesUnproven = besides((input) =>
  views(input).flatMap(([target, view]): Effect[] =>
    view.waiting ? [{ kind: 'Advance', target, step: view.step, hash: view.currentHash }] : [],
  ),
);

export const takesNoDataForAPass = mistaking('Inconclusive', 'Pass');
export const takesAnOutageForAFail = mistaking('Error', 'Fail');

export const beginsTheNextWaveAtOnce = besides((input) =>
  input.promotion.status?.plan && !input.promotion.status.revert
    ? views(input).flatMap(([target, view]): Effect[] => (view.isRecorded ? [{ kind: 'Apply', target }] : []))
    : [],
);

export const succeedsAtOnce: Mutant = (input) => {
  const decided = decide(input);
  const promoted = decided.status.targets?.every((t) => t.state === 'Promoted' || t.state === 'Baking');
  return promoted && !decided.status.revert && !hasEnded(input.promotion)
    ? ending(decided, input, 'Succeeded')
    : decided;
};

export const takesAnybodysWord: Mutant = (input) =>
  decide({
    ...input,
    // Whoever asked for it approves under another name.
    approvals: input.approvals.map((a) => ({ ...a, by: `not ${a.by}` })),
  });

/** Who asked for it is not known, and it takes that for a machine, which is none of the approvers. */
export const takesNobodyForAMachine: Mutant = (input) => decide({ ...input, byMachine: true });

/** Whoever counts at one gate counts at every other. */
export const countsAnybodyTwice: Mutant = (input) => {
  const gates = [...input.gates].map(([name, gate]): [string, Gate] => {
    const { approval } = gate.spec;
    return [
      name,
      approval ? { ...gate, spec: { ...gate.spec, approval: { ...approval, persons: 'Any' } } } : gate,
    ];
  });
  return decide({ ...input, gates: new Map(gates) });
};

/** Of whom a gate has passed by the record lets go. */
export const forgetsWhoCounted: Mutant = (input) => {
  const decided = decide(input);
  const decisions = decided.status.decisions?.filter((d) => d.verdict !== 'Approve') ?? [];
  const { decisions: _decisions, ...status } = decided.status;
  return { ...decided, status: { ...status, ...(decisions.length > 0 && { decisions }) } };
};

export const forgetsFreezes: Mutant = (input) => {
  if (!input.environment) return decide(input);
  const { freeze: _freeze, ...spec } = input.environment.spec;
  return decide({ ...input, freezes: [], environment: { ...input.environment, spec } });
};

export const forgetsHolds: Mutant = (input) =>
  decide({ ...input, orders: input.orders.filter((o) => o.verdict !== 'Hold') });

export const advancesInARevert = besides((input) =>
  input.promotion.status?.revert
    ? views(input).flatMap(([target, view]): Effect[] =>
        view.aborted ? [{ kind: 'Advance', target, step: view.step, hash: view.currentHash }] : [],
      )
    : [],
);

/** A restart forgets that it was going back, as if the revert were not latched. */
export const forgetsTheRevert: Mutant = (input) => {
  const decided = decide(input);
  if (!input.promotion.status?.revert || hasEnded(input.promotion)) return decided;
  const { revert: _, ...status } = decided.status;
  return { ...decided, status };
};

export const restoresTwice = besides((input) =>
  input.promotion.status?.revert
    ? views(input).flatMap(([target, view]): Effect[] =>
        view.isRecorded ? [{ kind: 'Restore', target }] : [],
      )
    : [],
);

export const recordsWhatItWrote = besides((input) =>
  input.promotion.status?.plan
    ? views(input).flatMap(([target, view]): Effect[] => (view.isOurs ? [{ kind: 'Record', target }] : []))
    : [],
);

/** Nothing keeps the Promotion from being deleted while its images are out. */
export const needsNoFinalizer: Mutant = (input) => {
  const { metadata } = input.promotion;
  const promotion = { ...input.promotion, metadata: { ...metadata, finalizers: ['sluice.dev/revert'] } };
  return decide({ ...input, promotion });
};

/** The phase word, or the command, is taken for the proof. */
export const endsBeforeItIsBack: Mutant = (input) => {
  const decided = decide(input);
  return decided.status.revert?.commandedAt && !hasEnded(input.promotion)
    ? ending(decided, input, 'RolledBack')
    : decided;
};

/** What it was told to do before a restart is not known any more. */
export const forgetsItsCommands: Mutant = (input) => {
  const { status = {} } = input.promotion;
  const targets = status.targets?.map((t) =>
    t.state === 'Advancing' && t.step !== undefined ? { ...t, state: 'Analysing' as const } : t,
  );
  return decide({
    ...input,
    promotion: { ...input.promotion, status: { ...status, ...(targets && { targets }) } },
  });
};

export const forgetsToAbort = without('Abort');
export const forgetsToRestore = without('Restore');

export const actsAfterTheEnd: Mutant = (input) => {
  const decided = decide(input);
  if (!hasEnded(input.promotion)) return decided;
  const effects = views(input).map(
    ([target, view]): Effect => ({ kind: 'Abort', target, hash: view.currentHash }),
  );
  return { ...decided, effects };
};

/** A message that is another each time, as one with a time or a count in it. */
export function neverAtRest(): Mutant {
  let looks = 0;
  return (input) => {
    const decided = decide(input);
    if (hasEnded(input.promotion) || !findCondition(decided, 'Succeeded')) return decided;
    looks += 1;
    const conditions = decided.status.conditions?.map((c) => ({ ...c, message: `look ${looks}` }));
    return withStatus(decided, conditions ? { conditions } : {});
  };
}

export const looksAgainAtOnce: Mutant = (input) => {
  const decided = decide(input);
  return hasEnded(input.promotion) ? decided : { ...decided, wakeAt: input.now };
};
