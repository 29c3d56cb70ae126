import type { GateResult } from '../../api/v1alpha1/types.ts';
import { passOverGate } from '../bypass.ts';
import { resultOf, undeciding } from '../gates.ts';
import type { Input } from '../input.ts';
import { type Chosen, gatesFor } from './preflight.ts';

/** What the sampled gates have said that let it begin on one target, with their evidence: from here on it is on record. */
export function passedBefore(input: Input, { target }: Chosen): GateResult[] {
  return gatesFor(input, target.name).flatMap((binding): GateResult[] => {
    const gate = input.gates.get(binding.gate);
    const judgement = input.judgement(binding, target.name);
    if (binding.when !== 'Before' || !gate || judgement?.epoch !== 'preflight') return [];
    const result = resultOf(gate, binding, target.name, undefined, judgement);
    return [undeciding(result, gate, passOverGate(input, binding.gate, false)) ?? result];
  });
}
