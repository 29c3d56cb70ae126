import { type Judgement, rehydrate } from '../analysis/judge.ts';
import type { Sample } from '../analysis/sample.ts';
import type { Gate, GateResult } from '../api/v1alpha1/types.ts';
import { fromTime } from '../runtime/time.ts';
import type { ProbeRequest } from './input.ts';

/** What was known of this gate before a restart, if status speaks of the same step; undefined: it counts anew. */
export function seedFrom(
  gate: Gate,
  result: GateResult | undefined,
  { epoch, step, notBefore = 0 }: ProbeRequest,
  now: number,
): Judgement | undefined {
  // An edited Gate counts anew.
  if (!result || result.step !== step || result.gateGeneration !== gate.metadata.generation) return undefined;
  if ((fromTime(result.since) ?? 0) < notBefore) return undefined;
  return rehydrate(
    {
      epoch,
      verdict: result.verdict,
      since: fromTime(result.since) ?? now,
      message: result.message,
      failures: result.failures ?? 0,
      sampleCount: result.sampleCount ?? 0,
      ...(result.state !== undefined && { state: result.state }),
      recent: (result.recent ?? []).map(
        (r): Sample => ({
          at: fromTime(r.at) ?? now,
          verdict: r.verdict,
          ...(r.value !== undefined && { value: r.value }),
          message: result.message,
          query: result.query ?? '',
          tookMs: 0,
        }),
      ),
    },
    now,
  );
}
