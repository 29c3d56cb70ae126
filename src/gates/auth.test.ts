import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type LocalServer, serve } from '../../test/harness/http.ts';
import { serveTls } from '../../test/harness/tls.ts';
import type { Sample } from '../analysis/sample.ts';
import { compareSpec, prometheusSpec } from '../api/v1alpha1/gate.ts';
import { ApiError } from '../kube/errors.ts';
import { selfSigned } from '../kube/testing/self-signed.ts';
import { systemClock } from '../runtime/clock.ts';
import { createHttp } from '../runtime/http.ts';
import { compareGate } from './compare/index.ts';
import type { Ask, GateContext, Secrets } from './gate.ts';
import type { Endpoint } from './prometheus/client.ts';
import { prometheusGate } from './prometheus/index.ts';
import { BASE, number, raw, refusal, series, success, VARS } from './prometheus/testing/server.ts';

/* Gates that ask with credentials, on real servers; and that nothing of those ever comes back (law 10). */

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.SflKxwRJSMeKKF2QT4';
const http = createHttp({ allowLoopback: true, timeoutMs: 2000 });
let plain: LocalServer;
let headers: IncomingHttpHeaders[] = [];
let reply: (response: ServerResponse, authorization: string) => void;
let stored: Record<string, Record<string, string>>;
let forgotten: string[];

const secrets: Secrets = {
  namespace: 'shop',
  read: async (name) => {
    const data = stored[name];
    if (data) return Promise.resolve({ type: 'Opaque', data });
    return Promise.reject(new ApiError(404, 'not found', { reason: 'NotFound' }));
  },
  forget: (name) => void forgotten.push(name),
};

beforeAll(async () => {
  plain = await serve(async (request, response) => {
    headers.push(request.headers);
    await text(request);
    reply(response, request.headers.authorization ?? '');
  });
});
afterAll(async () => {
  http.close();
  await plain.stop();
});
beforeEach(() => {
  headers = [];
  forgotten = [];
  stored = { prom: { token: TOKEN, username: 'scraper-of-shop', password: 'correct horse battery' } };
  reply = number(0.001);
});

function context(over: Partial<GateContext> = {}): GateContext {
  const signal = new AbortController().signal;
  return { vars: VARS, http, clock: systemClock, secrets, signal, settledAt: 0, ...over };
}

const bearer = { secretName: 'prom', type: 'Bearer' };

async function evaluate(spec: object, over: Partial<GateContext> = {}): Promise<Sample> {
  const parsed = prometheusSpec.parse({ ...BASE, address: plain.url, auth: bearer, ...spec });
  return prometheusGate.evaluate(parsed, context(over));
}

async function compare(spec: object = {}): Promise<Sample> {
  const query = { bad: 'sum(bad)', total: 'sum(total)' };
  const base = { canary: query, stable: query, minSamples: { atLeast: 1 } };
  const parsed = compareSpec.parse({ ...base, address: plain.url, auth: bearer, ...spec });
  return compareGate.evaluate(parsed, context());
}

/** What a gate's server may be shared by. */
const sharedBy = async (spec: object, over: Partial<GateContext> = {}): Promise<string | undefined> => {
  let seen: Endpoint | undefined;
  const ask: Ask = async (server) => {
    seen = server;
    return Promise.resolve({ series: [], warnings: [] });
  };
  await evaluate(spec, { ...over, ask });
  expect(seen).toBeDefined();
  return seen?.sharedBy;
};

test('only who shows the same Secret of the same namespace may share a query', async () => {
  const tls = selfSigned('alice');
  stored = {
    a: { token: TOKEN, 'ca.crt': tls.cert },
    b: { token: TOKEN, 'ca.crt': tls.cert },
    cert: { 'tls.crt': tls.cert, 'tls.key': tls.key },
  };
  const auth = { secretName: 'a', type: 'Bearer' };
  const first = await sharedBy({ auth });
  expect(await sharedBy({ auth })).toBe(first);
  const others = [
    await sharedBy({ auth: { ...auth, secretName: 'b' } }),
    await sharedBy({ auth }, { secrets: { ...secrets, namespace: 'other' } }),
    await sharedBy({ auth: undefined }),
    await sharedBy({ auth, headers: [{ name: 'x-scope-orgid', value: 'b' }] }),
    await sharedBy({ auth, address: 'http://elsewhere.invalid' }),
  ];
  expect(new Set([first, ...others]).size).toBe(6);
  expect(await sharedBy({ auth: { secretName: 'cert', type: 'MTLS' }, address: 'https://x.invalid' })).toBe(
    undefined,
  );
  // It is kept for minutes.
  expect(first).not.toContain(TOKEN);
});

describe('what is sent', () => {
  test('a bearer token, and the headers of the gate', async () => {
    const sample = await evaluate({
      headers: [
        { name: 'X-Scope-OrgID', value: 'team-a' },
        { name: 'Accept', value: 'text/html' },
      ],
    });
    expect(sample.verdict).toBe('Pass');
    expect(headers).toMatchObject([
      { authorization: `Bearer ${TOKEN}`, 'x-scope-orgid': 'team-a', accept: 'application/json' },
    ]);
  });

  test('a name and a password', async () => {
    await evaluate({ auth: { secretName: 'prom', type: 'Basic' } });
    const pair = Buffer.from('scraper-of-shop:correct horse battery').toString('base64');
    expect(headers[0]?.authorization).toBe(`Basic ${pair}`);
  });

  test('with every query of a sample', async () => {
    await evaluate({ minSamples: { query: 'total', atLeast: 1 }, maxAgeSeconds: 9 });
    expect(headers.map((h) => h.authorization)).toEqual(Array.from({ length: 3 }, () => `Bearer ${TOKEN}`));
    headers = [];
    await compare();
    expect(headers.map((h) => h.authorization)).toEqual(Array.from({ length: 4 }, () => `Bearer ${TOKEN}`));
  });

  test('nothing without auth', async () => {
    await evaluate({ auth: undefined });
    expect(headers[0]).not.toHaveProperty('authorization');
  });

  test("nothing to the operator's default address, even where an older CRD lets it through", async () => {
    const sample = await evaluate({ address: undefined }, { defaultAddress: plain.url });
    expect(sample).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining("never sent to the operator's default address; set address, too"),
    });
    expect(headers).toEqual([]);
  });

  test('no header that carries credentials, even where an older CRD lets it through', async () => {
    const sample = await evaluate({ headers: [{ name: 'AUTHORIZATION', value: 'x' }] });
    expect(sample).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('name a Secret in auth'),
    });
    expect(headers).toEqual([]);
  });
});

describe('a client certificate', () => {
  const server = selfSigned('prometheus');
  const alice = selfSigned('alice');
  let mutual: LocalServer;
  let subject: unknown;
  beforeAll(async () => {
    mutual = await serveTls(
      { ...server, ca: alice.cert, requestCert: true, rejectUnauthorized: true },
      ({ socket }, response) => {
        subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : undefined;
        number(0.001)(response);
      },
    );
  });
  afterAll(() => mutual.stop());
  const auth = { secretName: 'pair', type: 'MTLS' };

  test('lets it in', async () => {
    stored['pair'] = { 'tls.crt': alice.cert, 'tls.key': alice.key, 'ca.crt': server.cert };
    expect(await evaluate({ address: mutual.url, auth })).toMatchObject({ verdict: 'Pass' });
    expect(subject).toBe('alice');
  });

  test('without the authority the server is not believed', async () => {
    stored['pair'] = { 'tls.crt': alice.cert, 'tls.key': alice.key };
    expect(await evaluate({ address: mutual.url, auth })).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining('TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)'),
    });
  });
});

describe('credentials that do not do', () => {
  test('no Secret is an Error, and says what to apply; the next sample finds it', async () => {
    stored = {};
    const sample = await evaluate({});
    expect(sample).toMatchObject({
      verdict: 'Error',
      message: 'Secret prom does not exist: apply it with `token`',
    });
    stored = { prom: { token: TOKEN } };
    expect((await evaluate({})).verdict).toBe('Pass');
  });

  test.each([401, 403])(
    'when the server answers %d the Secret is read anew for the next sample',
    async (status) => {
      reply = raw(status, '');
      expect((await evaluate({})).verdict).toBe('Error');
      expect(forgotten).toEqual(['prom']);
      forgotten = [];
      reply = raw(503, '');
      await evaluate({});
      expect(forgotten).toEqual([]);
    },
  );
});

type Echo = (response: ServerResponse, said: string) => void;
const echoes: [string, Echo][] = [
  ['as the reason of a refusal', (r, said) => refusal(400, 'bad_data', `header ${said} is bad`)(r)],
  ['with 401', (r, said) => refusal(401, said, `who is ${said}?`)(r)],
  ['with 422', (r, said) => refusal(422, 'execution', said)(r)],
  ['with 500, as a page', (r, said) => raw(500, `<html>${said}</html>`)(r)],
  ['with 200, as a page', (r, said) => raw(200, `<html>${said}</html>`)(r)],
  [
    'as a warning',
    (r, said) => success({ resultType: 'vector', result: [series('0')] }, { warnings: [said] })(r),
  ],
  [
    'in labels',
    (r, said) =>
      success({ resultType: 'vector', result: [series('0', { a: said }), series('1', { [said]: 'x' })] })(r),
  ],
  ['for a number', (r, said) => success({ resultType: 'vector', result: [series(said)] })(r)],
  [
    'in a redirect',
    (r, said) => raw(302, '', { location: `http://elsewhere.invalid/${encodeURIComponent(said)}` })(r),
  ],
  ['as the message of the status', (r, said) => void r.writeHead(500, said.replaceAll(/[^ -~]/g, '')).end()],
];

describe('a server that echoes the credentials', () => {
  test.each(echoes)('%s', async (_, echo) => {
    for (const type of ['Bearer', 'Basic'])
      for (const form of [(s: string) => s, (s: string) => s.slice(0, 30), (s: string) => s.toUpperCase()]) {
        reply = (response, authorization) => echo(response, form(authorization));
        const auth = { secretName: 'prom', type };
        for (const sample of [await evaluate({ auth }), await compare({ auth })]) {
          const shown = JSON.stringify(sample).toLowerCase();
          const sent = headers.at(-1)?.authorization?.split(' ')[1]?.toLowerCase() ?? '';
          expect(sent.length).toBeGreaterThan(30);
          for (let at = 0; at + 8 <= sent.length; at++) expect(shown).not.toContain(sent.slice(at, at + 8));
        }
      }
  });

  test('with nothing of a password, whatever it does to it', async () => {
    const password = 'correct horse battery';
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.nat(25), fc.string(), async (from, to, around) => {
        reply = refusal(400, 'bad_data', `${around}${password.slice(from, to)}${around}`);
        const { message } = await evaluate({ auth: { secretName: 'prom', type: 'Basic' } });
        for (let at = 0; at + 8 <= password.length; at++)
          expect(message).not.toContain(password.slice(at, at + 8));
      }),
      { numRuns: 200 },
    );
  });
});
