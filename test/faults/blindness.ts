import type { GateResult } from '../../src/api/v1alpha1/types.ts';
import type { Course } from './course.ts';

/*
 * S7 over a history: who sees nothing decides nothing. A pass has a number behind it, and a revert that a gate is named
 * for has its Fail behind it, or a policy that says so.
 */

type Told = Course['told'][number];

const NO_VERDICT = new Set(['Inconclusive', 'Error']);

/** Passes that no number stands behind. */
function blindPass(course: Course, { at }: Told, result: GateResult): string | undefined {
  const { gate: name, verdict, recent = [], value } = result;
  const gate = course.gateAt(name, at);
  // Whoever counts over samples, or is asked of persons, has other evidence.
  if (verdict !== 'Pass' || !gate?.spec.prometheus || gate.spec.onDeadline === 'Pass') return undefined;
  const [last] = recent;
  if (value !== undefined && last?.verdict === 'Pass' && last.value !== undefined) return undefined;
  return `gate ${name} of ${course.target} passes at version ${at}, and its last sample says ${last?.verdict ?? 'nothing'} of ${last?.value ?? 'no number'}`;
}

/** A revert for a gate without a Fail. */
function blindRevert(course: Course, { at, promotion }: Told): string | undefined {
  const { revert, gates = [] } = promotion.status ?? {};
  const name = revert?.reason ?? '';
  const gate = course.gateAt(name, at);
  if (!gate) return undefined;
  const said = gates.filter((g) => g.gate === name && g.target === (revert?.target ?? g.target));
  if (said.some(({ verdict }) => verdict === 'Fail')) return undefined;
  const { onBlind } = course.environmentAt(at)?.spec.analysis ?? {};
  const isPolicy = onBlind === 'Revert' || gate.spec.onDeadline === 'Revert';
  if (isPolicy && said.some(({ verdict }) => NO_VERDICT.has(verdict))) return undefined;
  return `it goes back for gate ${name} at version ${at}, which says ${said.map((g) => g.verdict).join(', ')}`;
}

/** S7: no pass without a number, no revert without a Fail. */
export function outages(course: Course): string[] {
  const { told } = course;
  const passes = told.flatMap((one) => one.gates.flatMap((g) => blindPass(course, one, g) ?? []));
  const first = told.find(({ promotion }) => promotion.status?.revert);
  const reverts = first ? (blindRevert(course, first) ?? []) : [];
  return [passes, reverts].flat().slice(0, 3);
}
