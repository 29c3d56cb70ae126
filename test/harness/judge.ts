import { reasonComplaints } from './reasons.ts';
import { type Role, rightComplaints } from './rights.ts';
import { COMPLETE, endRecord } from './seen.ts';

/**
 * Judges the run as a whole, when all of its worlds have ended: the rights of the chart against what the operators
 * asked for, the declared reasons against those that were reached. Fails the process without an exception, because
 * jest would drop the results of all tests with it.
 */
export function judgeRun(roles: readonly Role[]): void {
  const seen = endRecord();
  const complete = process.env[COMPLETE] !== undefined;
  const requests = seen.flatMap((one) => ('request' in one ? [one.request] : []));
  const reasons = seen.flatMap((one) => ('reason' in one ? [one] : []));
  const complaints = [...rightComplaints(roles, requests, complete), ...reasonComplaints(reasons, complete)];
  if (complaints.length === 0) return;
  const list = complaints.map((complaint) => `  - ${complaint}\n`).join('');
  process.stderr.write(
    `\nThe tests of this run, taken together, show what none of them shows alone:\n${list}`,
  );
  process.exitCode = 1;
}
