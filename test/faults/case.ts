import { appendFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { type CaseResult, type FaultCase, isLong, RECORD } from './catalogue.ts';
import { inOrder, type Law, noting } from './laws.ts';

/** How long a promotion of a case may take, unless the case says so. */
export const PATIENCE_MS = 150_000;
/** What a case takes besides: a world made ready, and tidied up. */
const OVERHEAD_MS = 90_000;

/** What a case has come to, where there is more to say than how often the fault was injected. */
export interface Ran {
  times: number;
  /** What was injected in the end, where that is known only then. */
  injected?: string;
  /** Laws that were asked of it elsewhere than within the case. */
  laws?: readonly Law[];
}

/**
 * Declares one case as a test.
 * @param run answers how often the fault was injected; what it throws is a broken law. The laws that the case is told
 * to have held are those that were `asked` in it.
 */
export function faultCase(spec: FaultCase, run: () => Promise<number | Ran>): void {
  if (spec.long && !isLong) return;
  const drawn = spec.seed === undefined ? '' : ` (seed ${spec.seed})`;
  const declare = spec.concurrent ? test.concurrent : test;
  // oxlint-disable-next-line jest/expect-expect, jest/valid-title -- the case asserts; its title is its catalogue entry
  declare(
    `${spec.id}: ${spec.injected}${drawn}`,
    () => judged(spec, run),
    spec.timeoutMs ?? (spec.patienceMs ?? PATIENCE_MS) + OVERHEAD_MS,
  );
}

/** The fault of a case never happened: it shows nothing. */
export class NeverInjected extends Error {
  override name = 'NeverInjected';
}

async function judged(spec: FaultCase, run: () => Promise<number | Ran>): Promise<void> {
  try {
    keep(await resultOf(spec, run));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const missed = error instanceof NeverInjected && ({ missed: true } as const);
    keep({ ...spec, laws: [], held: false, ...missed, times: 0, message });
    throw error;
  }
}

/** Runs a case. @throws Error where nothing was injected or asked, and whatever it throws itself */
export async function resultOf(spec: FaultCase, run: () => Promise<number | Ran>): Promise<CaseResult> {
  const { result, laws } = await noting(run);
  const {
    times,
    injected = spec.injected,
    laws: elsewhere = [],
  }: Ran = typeof result === 'number' ? { times: result } : result;
  const all = inOrder([...laws, ...elsewhere]);
  if (!(times >= 1)) throw new NeverInjected('the fault was never injected, so the case shows nothing');
  return { ...spec, injected, laws: all, held: true, times };
}

function keep(result: CaseResult): void {
  const path = process.env[RECORD];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(result)}\n`);
}
