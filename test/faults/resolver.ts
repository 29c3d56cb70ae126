import dns, { type LookupAddress } from 'node:dns';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP, Socket } from 'node:net';

/*
 * Loaded into an operator before its own code (`NODE_OPTIONS=--import`): some names resolve as the test says, and
 * whatever is resolved and whatever is connected to is written down, one line each. The operator itself is the
 * one that is released.
 */

/** Environment variable: a JSON object of names, each with its answers, one list for each time it is asked; the last stays. */
export const NAMES = 'SLUICE_FAULTS_NAMES';
/** Environment variable: the path of the record. */
export const CONNECTIONS = 'SLUICE_FAULTS_CONNECTIONS';

const path = process.env[CONNECTIONS];
if (path !== undefined) begin(path, JSON.parse(process.env[NAMES] ?? '{}'));

type Callback = (error: Error | null, addresses: LookupAddress[]) => void;

function begin(record: string, names: Record<string, string[][]>): void {
  const note = (line: string): void => appendFileSync(record, `${line}\n`);
  const system = dns.lookup;
  const asked = new Map<string, number>();
  const lookup = (name: string, options: object, callback: Callback): void => {
    const answers = names[name];
    if (answers === undefined) return void Reflect.apply(system, dns, [name, options, callback]);
    const times = asked.get(name) ?? 0;
    asked.set(name, times + 1);
    const answer = answers[Math.min(times, answers.length - 1)] ?? [];
    note(`lookup ${name}`);
    const found = answer.map((address) => ({ address, family: isIP(address) }));
    setImmediate(() => callback(null, found));
  };
  Object.assign(dns, { lookup });
  syncBuiltinESMExports();
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket?: unknown };
    if (socket instanceof Socket) socket.on('connectionAttempt', (ip) => note(`connect ${ip}`));
  });
}
