import type { Gate, GateBinding } from '../../api/v1alpha1/types.ts';
import { fromTime } from '../../runtime/time.ts';
import { bindingsAt, type GateFold, foldGates } from '../gates.ts';
import { type InFlight, place } from '../in-flight.ts';
import type { ProbeRequest } from '../input.ts';
import type { Failure, TargetOutcome } from '../outcome.ts';

/** One place at which gates are asked: a step, the bake, or after it. */
export interface At {
  when: 'During' | 'After';
  step: number;
  /** Samples of another epoch say nothing here. */
  epoch: string;
  /** From then on samples may pass; undefined: between two steps, where they may only fail. */
  settledAt: number | undefined;
}

/** An order has whole seconds: what was answered in the same one may be older than it. */
const ORDER_MS = 1000;

/**
 * A person's Resume begins the place anew: counts and deadlines, and a Fail that was left to a person. Any other
 * Fail stays said where it was said: the Rollout may have moved on between the sample and this look.
 */
function epochOf(
  { resumedAt, status, input, planned }: InFlight,
  { epoch }: At,
  binding: GateBinding,
): string {
  const said = input.judgement(binding, planned.name);
  const isFresh = said && (resumedAt === undefined || said.since >= resumedAt + ORDER_MS);
  if (isFresh && said.verdict === 'Fail') return said.epoch;
  const reachedAt = fromTime(status.reachedAt) ?? 0;
  return resumedAt !== undefined && resumedAt >= reachedAt ? `${epoch}@${resumedAt}` : epoch;
}

/** Passes count from when the whole window of a sample lies after the step has settled; never on the way. */
function passFromOf(
  { input }: InFlight,
  { settledAt }: At,
  gate: Gate,
  binding: GateBinding,
): number | undefined {
  return settledAt === undefined ? undefined : settledAt + input.windowSeconds(gate, binding) * 1000;
}

/** The bindings as probes for one place. */
function probesFor(d: InFlight, at: At): ProbeRequest[] {
  const { input, subject, view } = d;
  return bindingsAt(input, d.plan, at.when, d.planned.name, view).flatMap(
    (binding: GateBinding): ProbeRequest[] => {
      const gate = input.gates.get(binding.gate);
      if (!gate) return [];
      const { settledAt } = at;
      return [
        {
          binding,
          target: subject.target,
          epoch: epochOf(d, at, binding),
          step: at.step,
          ...(d.resumedAt !== undefined && { notBefore: d.resumedAt }),
          passFrom: passFromOf(d, at, gate, binding),
          settledAt: settledAt ?? input.now,
          canaryHash: view.currentHash,
          stableHash: view.stableHash,
          weight: view.weight,
        },
      ];
    },
  );
}

/** What the gates of this target say at one place, and what is to be asked there. */
export function ask(d: InFlight, at: At, from: number): { fold: GateFold; probes: ProbeRequest[] } {
  const fold = foldGates(d.input, bindingsAt(d.input, d.plan, at.when, d.planned.name, d.view), {
    target: d.planned.name,
    step: at.step,
    epoch: (binding) => epochOf(d, at, binding),
    passFrom: (gate, binding) => passFromOf(d, at, gate, binding),
    from: Math.max(from, d.resumedAt ?? 0, d.unpausedAt ?? 0),
    notBefore: d.resumedAt,
    paused: d.paused,
    timing: d.timing,
  });
  return { fold, probes: probesFor(d, at) };
}

/** Everything is to go back because of this target. */
export function broken(d: InFlight, failed: Failure): TargetOutcome {
  return { reason: 'Reverting', message: failed.message, target: d.status, failed };
}

export function gateFailed(
  d: InFlight,
  fold: GateFold,
  failed: NonNullable<GateFold['failed']>,
): TargetOutcome {
  const message = `gate ${failed.result.gate} failed at ${place(d)}: ${failed.result.message}`;
  const { gate: reason, sampledAt } = failed.result;
  return {
    ...broken(d, { reason, message, quarantine: failed.quarantine, sampledAt }),
    results: fold.results,
  };
}
