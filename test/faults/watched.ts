import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startOperator } from '../harness/operator.ts';
import type { World } from '../harness/world.ts';
import { Asking, QUERY } from './asking.ts';
import { asked } from './laws.ts';
import { CONNECTIONS, NAMES } from './resolver.ts';

/** What is said of an address that may not be asked. */
export const REFUSED =
  /(loopback|link-local, multicast and metadata) addresses are refused|metadata services are refused/;

/** Names as they resolve there: for each time that it is asked, one list of addresses. */
const names = {
  'linklocal.test': [['169.254.169.254']],
  'mixed.test': [['192.0.2.1', '169.254.169.254']],
  'mapped.test': [['::ffff:169.254.169.254']],
  'v6.test': [['fe80::1'], ['fd00:ec2::254']],
  'inside.test': [['127.0.0.1']],
  'nowhere.test': [['0.0.0.0']],
  'localhost.': [['127.0.0.1']],
  // Somewhere harmless when it is looked at, and the metadata service when it is looked at again.
  'rebind.test': [['192.0.2.1'], ['169.254.169.254']],
};

/** An operator that works in one namespace, and a record of what it resolves and connects to (resolver.ts). */
export class Watched {
  readonly place: Asking;
  readonly #record: string;
  #asked = 0;

  private constructor(place: Asking, record: string) {
    this.place = place;
    this.#record = record;
  }

  /** Starts it; the chart has to be installed. */
  static async start(
    { cluster }: World,
    name: string,
    more: { refuseLoopback?: true } = {},
  ): Promise<Watched> {
    const record = join(cluster.facts.dir, `${name}.connections`);
    writeFileSync(record, '');
    await cluster.createNamespace(name);
    await startOperator(cluster.run, cluster, {
      ...more,
      name: `operator-${name}`,
      args: [`--namespaces=${name}`, '--leader-elect=false'],
      env: {
        [NAMES]: JSON.stringify(names),
        [CONNECTIONS]: record,
        NODE_OPTIONS: `--import=${join(import.meta.dirname, 'resolver.ts')}`,
      },
    });
    return new Watched(await Asking.at(cluster, name), record);
  }

  /** What it has done on the network so far, but for the API server: `lookup <name>`, `connect <address>`. */
  get connections(): string[] {
    return readFileSync(this.#record, 'utf8').split('\n').filter(Boolean);
  }

  /** What is said of this address, in a Gate of its own. */
  async ask(address: string): Promise<[string, string]> {
    this.#asked += 1;
    const message = await this.place.ask(`gate-${this.#asked}`, { prometheus: { ...QUERY, address } });
    return [address, message.replace(/^.*for the stable revision: /, '')];
  }
}

/**
 * That each of these addresses, in a Gate of its own, is refused in words that match `says`, and that nothing was
 * connected to meanwhile but what matches `may`.
 * @returns how many addresses there were.
 */
export async function refuses(
  watched: Watched,
  addresses: readonly string[],
  options: { says?: RegExp; may?: RegExp } = {},
): Promise<number> {
  const { says = REFUSED, may = /^never$/ } = options;
  const before = watched.connections.length;
  const answers = await Promise.all(addresses.map((address) => watched.ask(address)));
  expect(answers).toEqual(addresses.map((address) => [address, expect.stringMatching(says)]));
  const reached = watched.connections.slice(before).filter((line) => line.startsWith('connect '));
  expect(reached.filter((line) => !may.test(line))).toEqual([]);
  asked('S7');
  expect(await watched.place.isUntouched()).toBe(true);
  return addresses.length;
}
