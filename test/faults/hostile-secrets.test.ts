import { afterAll, beforeAll, expect } from '@jest/globals';
import type { AuditEvent } from '../harness/audit.ts';
import { ApiError } from '../harness/api.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { Place, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { Asking, QUERY } from './asking.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';
import { type Echo, ECHOES } from './echoes.ts';
import { outletsOf } from './outlets.ts';

/* Secrets of others, and what servers make of one that they are sent. */

const world = sharedWorld();
const { cluster } = world;
const TENANT = 'hostile-secrets';
const VICTIM = 'hostile-secrets-victim';
const FAMILY = 'Hostile input: secrets';
const TOKEN = 'dmljdGltcy10b2tlbg.7hTz0nJ2pWqKc5Lm8XyVbRfGsD3aQeUiOo1N';
const HERS = 'dGVuYW50cy10b2tlbg.Q4wErTyU1oPaSdFgHjKlZxCvBnM6789Lk0Jh';

let place: Asking;
let server: LocalServer;
/** Raw headers of what has arrived. */
const arrived: string[][] = [];
/** How the server echoes the credentials that it was sent, by path. */
const echoes = new Map<string, Echo>();

const good = (): string =>
  `{"status":"success","data":{"resultType":"scalar","result":[${Date.now() / 1000},"0"]}}`;

beforeAll(async () => {
  server = await serve((incoming, answer) => {
    arrived.push(incoming.rawHeaders);
    const [, path = ''] = (incoming.url ?? '').split('/');
    const token = (incoming.headers.authorization ?? '').replace(/^Bearer /, '');
    const { status, body, headers = {} } = echoes.get(path)?.(token) ?? { status: 200, body: good() };
    answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await cluster.createNamespace(VICTIM);
  [place] = await Promise.all([
    Asking.at(cluster, TENANT),
    createSecret(VICTIM, 'prom', TOKEN),
    createSecret(VICTIM, 'only-there', TOKEN),
  ]);
  await createSecret(TENANT, 'hers', HERS);
});
afterAll(() => server.stop());

function createSecret(namespace: string, name: string, token: string): Promise<unknown> {
  const metadata = { name, namespace };
  return cluster.api.create(`/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: { token },
  });
}

const gateWith = (secretName: string, more: object = {}): object => ({
  prometheus: { ...QUERY, address: server.url, auth: { secretName, type: 'Bearer', ...more } },
});

/** What the operator has asked for since; the API server writes the log before it answers. */
const audited = (since: number): AuditEvent[] => cluster.audited().slice(since);

faultCase(
  {
    id: 'X1',
    family: FAMILY,
    injected: "the name of another namespace's Secret, in every field that names one, in every form",
  },
  async () => {
    const [before, since] = [arrived.length, cluster.audited().length];
    const names = [
      `${VICTIM}/prom`,
      `../../${VICTIM}/secrets/prom`,
      '..',
      `%2e%2e%2f${VICTIM}%2fsecrets%2fprom`,
      `prom?namespace=${VICTIM}`,
      'prom#',
      'prom\u0000',
      `prom\n`,
      `${VICTIM}:prom`,
      'PROM',
      '',
    ];
    for (const name of names) {
      await expect(place.apply('Gate', 'other', gateWith(name))).rejects.toThrow(ApiError);
      const query = 'vector(0)';
      const counters = { bad: query, total: query };
      const compare = {
        address: server.url,
        auth: { secretName: name, type: 'Bearer' },
        canary: counters,
        stable: counters,
      };
      await expect(
        place.apply('Gate', 'other', { compare: { ...compare, minSamples: { atLeast: 1 } } }),
      ).rejects.toThrow(ApiError);
    }
    // Fields that there are not, and names that are right, in the wrong namespace.
    const fields = {
      namespace: VICTIM,
      secretNamespace: VICTIM,
      secretRef: { name: 'prom', namespace: VICTIM },
    };
    for (const name of ['prom', 'only-there', `${VICTIM}.prom`])
      expect(await place.ask(`secret-${name}`, gateWith(name, name === 'prom' ? fields : {}))).toContain(
        `Secret ${name} does not exist: apply it with \`token\``,
      );
    expect(arrived).toHaveLength(before);
    asked('S5');
    const read = audited(since).filter(({ objectRef }) => objectRef?.resource === 'secrets');
    expect(new Set(read.map(({ objectRef }) => objectRef?.namespace))).toEqual(new Set([TENANT]));
    return 2 * names.length + 3;
  },
);

faultCase(
  {
    id: 'X2',
    family: FAMILY,
    injected: "a ServiceAccount's token as a gate's credentials, and one that brings a header of its own",
  },
  async () => {
    const before = arrived.length;
    const namespace = TENANT;
    await cluster.api.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot', namespace },
    });
    await cluster.api.create(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'robot', namespace, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      stringData: { token: TOKEN },
    });
    expect(await place.ask('robot', gateWith('robot'))).toContain('is the token of a ServiceAccount');
    const injected = [
      't\r\nX-Scope-OrgID: other',
      't\nHost: elsewhere',
      't\u0000',
      't t',
      'tökén',
      't'.repeat(9000),
      '\u2028t\u2028x',
    ];
    for (const [i, token] of injected.entries()) {
      await createSecret(TENANT, `crlf-${i}`, token);
      expect(await place.ask(`crlf-${i}`, gateWith(`crlf-${i}`))).toContain('cannot be sent in a header');
    }
    expect(arrived).toHaveLength(before);
    return 1 + injected.length;
  },
);

faultCase(
  {
    id: 'I4',
    family: FAMILY,
    injected: 'headers that carry another header, or one that is not theirs',
  },
  async () => {
    const before = arrived.length;
    const headers: [string, string][] = [
      ['X-A\r\nHost', 'b'],
      ['X-A', 'b\r\nHost: elsewhere'],
      ['X-A', 'b\nAuthorization: Bearer x'],
      ['X-A', 'b\u0000'],
      ['X-A', '\tb'],
      ['X-A: b', 'c'],
      ['X A', 'b'],
      ['', 'b'],
      ['AuthoriZation', 'Bearer x'],
      ['proxy-authorization', 'Basic eA=='],
      ['HOST', 'elsewhere'],
      ['Content-Length', '0'],
      ['Transfer-Encoding', 'chunked'],
      ['Cookie', 'a=b'],
      ['Connection', 'close'],
    ];
    for (const [name, value] of headers) {
      const gate = { prometheus: { ...QUERY, address: server.url, headers: [{ name, value }] } };
      await expect(place.apply('Gate', 'headers', gate)).rejects.toThrow(ApiError);
    }
    expect(arrived).toHaveLength(before);
    return headers.length;
  },
);

faultCase(
  {
    id: 'X3',
    family: FAMILY,
    injected: 'a server that gives the credentials back in everything that it says',
  },
  async () => {
    for (const [name, echo] of Object.entries(ECHOES)) {
      echoes.set(name, echo);
      const address = `${server.url}/${name}`;
      const auth = { secretName: 'hers', type: 'Bearer' };
      await place.ask(`echo-${name}`, { prometheus: { ...QUERY, address, auth } });
    }
    // In flight, too, where samples are written into status and told in events.
    const held = await new Place(cluster.api, TENANT, 'held').prepare({
      gate: {
        prometheus: { ...QUERY, address: `${server.url}/turn`, auth: { secretName: 'hers', type: 'Bearer' } },
        intervalSeconds: 1,
        deadlineSeconds: 1,
      },
    });
    await held.promote('v2');
    await held.untilReason('held-v2', 'Applying', 'Advancing', 'Settling', 'Analysing');
    echoes.set('turn', ECHOES['warning'] ?? (() => ({ status: 500, body: '' })));
    const holding = await held.untilReason('held-v2', 'Holding');
    expect(JSON.stringify(holding.status)).toContain('***');
    echoes.delete('turn');
    expect(reasonOf(await held.untilEnded('held-v2'))).toBe('Succeeded');

    expect(arrived.flat().filter((text) => text === `Bearer ${HERS}`).length).toBeGreaterThan(12);
    const { statuses, events, log, metrics } = await outletsOf(world, TENANT);
    const shown = [JSON.stringify(statuses), JSON.stringify(events), log.join('\n'), metrics];
    expect(shown.map((text) => text.includes('held-v2'))).toEqual([true, true, true, false]);
    const all = shown.join('\n').toLowerCase();
    asked('S6');
    for (const secret of [HERS, TOKEN])
      for (let at = 0; at + 8 <= secret.length; at += 1)
        expect(all).not.toContain(secret.slice(at, at + 8).toLowerCase());
    return Object.keys(ECHOES).length + 1;
  },
);
