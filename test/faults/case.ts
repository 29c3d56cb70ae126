import { appendFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { type CaseResult, type FaultCase, isLong, RECORD } from './catalogue.ts';

/** How long a promotion of a case may take, unless the case says so. */
const PATIENCE_MS = 150_000;
/** What a case takes besides: a world made ready, and tidied up. */
const OVERHEAD_MS = 90_000;

/**
 * Declares one case as a test.
 * @param run answers how often the fault was injected; what it throws is a broken law.
 */
export function faultCase(spec: FaultCase, run: () => Promise<number>): void {
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

async function judged(spec: FaultCase, run: () => Promise<number>): Promise<void> {
  try {
    const times = await run();
    if (times < 1) throw new Error('the fault was never injected, so the case shows nothing');
    keep({ ...spec, held: true, times });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    keep({ ...spec, held: false, times: 0, message });
    throw error;
  }
}

function keep(result: CaseResult): void {
  const path = process.env[RECORD];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(result)}\n`);
}
