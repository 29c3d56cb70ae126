import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OperatorRequest } from './audit.ts';

/*
 * What the operators of all worlds of one test run have been seen doing, in one file: worlds that test files
 * start for themselves live in other processes than the one that judges the run at its end.
 */

/** Environment variable with the path of that file; without it nothing is kept. */
const SEEN = 'SLUICE_TEST_SEEN';
/** Environment variable that says that the whole of the integration tests runs, not some of the files. */
export const COMPLETE = 'SLUICE_TEST_COMPLETE';

/** A request to the API server, or a reason that a Promotion has shown. */
export type Seen = { request: OperatorRequest } | { reason: string; promotion: string };

/** Begins a record, which this process and those that it starts write. */
export function beginRecord(): void {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-seen-')), 'seen.jsonl');
  writeFileSync(path, '');
  process.env[SEEN] = path;
}

/** Whether anybody wants to know. */
export function isRecorded(): boolean {
  return process.env[SEEN] !== undefined;
}

/** Adds to the record, if there is one. */
export function record(seen: readonly Seen[]): void {
  const path = process.env[SEEN];
  if (path !== undefined) appendFileSync(path, seen.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

/** All that was recorded; the record is gone then. */
export function endRecord(): Seen[] {
  const path = process.env[SEEN];
  if (path === undefined) return [];
  delete process.env[SEEN];
  const lines = readFileSync(path, 'utf8').split('\n');
  rmSync(dirname(path), { recursive: true });
  return lines.filter((line) => line !== '').map((line): Seen => JSON.parse(line));
}
