import { afterAll, beforeAll, expect } from '@jest/globals';
import type { AuditEvent } from '../harness/audit.ts';
import { ApiError } from '../harness/api.ts';
import { UNDECIDED } from '../harness/gates.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { imageFor, Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import type { UserName } from '../harness/users.ts';
import { Asking, QUERY } from './asking.ts';
import { faultCase } from './case.ts';
import { outletsOf } from './outlets.ts';

/* What one tenant tries with another's Secrets and Rollouts, and with rights that it has not. */

const world = sharedWorld();
const { cluster } = world;
const TENANT = 'hostile-tenant';
const VICTIM = 'victim';
const FAMILY = 'Hostile input: tenants';
const TOKEN = 'dmljdGltcy10b2tlbg.7hTz0nJ2pWqKc5Lm8XyVbRfGsD3aQeUiOo1N';
const HERS = 'dGVuYW50cy10b2tlbg.Q4wErTyU1oPaSdFgHjKlZxCvBnM6789Lk0Jh';

let place: Asking;
let server: LocalServer;
/** Raw headers of what has arrived. */
const arrived: string[][] = [];
/** How the server echoes the credentials that it was sent, by path. */
const echoes = new Map<string, (token: string) => { status: number; body: string; headers?: object }>();

const GOOD = '{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}';

beforeAll(async () => {
  server = await serve((incoming, answer) => {
    arrived.push(incoming.rawHeaders);
    const [, path = ''] = (incoming.url ?? '').split('/');
    const token = (incoming.headers.authorization ?? '').replace(/^Bearer /, '');
    const { status, body, headers = {} } = echoes.get(path)?.(token) ?? { status: 200, body: GOOD };
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
    laws: ['S5', 'S6'],
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
    laws: ['S5', 'S6'],
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
    laws: ['S5'],
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
    laws: ['S6'],
  },
  async () => {
    const vector = (...result: object[]): string =>
      JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    const error = (text: string): string =>
      JSON.stringify({ status: 'error', errorType: text, error: `no: ${text}` });
    const cases: Record<string, (token: string) => { status: number; body: string; headers?: object }> = {
      '400': (t) => ({ status: 400, body: error(t) }),
      '401': (t) => ({ status: 401, body: error(`Bearer ${t}`) }),
      '422-upper': (t) => ({ status: 422, body: error(t.toUpperCase()) }),
      '500-html': (t) => ({ status: 500, body: `<html>${t}</html>` }),
      '503-halves': (t) => ({ status: 503, body: error(`${t.slice(0, 20)} and ${t.slice(20)}`) }),
      '503-spaced': (t) => ({ status: 503, body: error(`${t.slice(0, 10)}\n${t.slice(10)}`) }),
      '200-html': (t) => ({ status: 200, body: `<html>${t}</html>` }),
      labels: (t) => ({
        status: 200,
        body: vector(
          { metric: { [t]: t, a: `x${t}y` }, value: [1, '0'] },
          { metric: { b: t }, value: [1, '0'] },
        ),
      }),
      value: (t) => ({ status: 200, body: vector({ metric: {}, value: [1, t] }) }),
      warning: (t) => ({
        status: 200,
        body: JSON.stringify({
          status: 'success',
          warnings: [t, `${t.slice(3)}!`],
          data: { resultType: 'scalar', result: [1, 'NaN'] },
        }),
      }),
      location: (t) => ({ status: 302, body: '', headers: { location: `http://elsewhere.invalid/${t}` } }),
      headers: (t) => ({
        status: 429,
        body: '',
        headers: { 'retry-after': t, 'www-authenticate': `Bearer ${t}` },
      }),
    };
    for (const [name, echo] of Object.entries(cases)) {
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
    echoes.set('turn', cases['warning'] ?? (() => ({ status: 500, body: '' })));
    const holding = await held.untilReason('held-v2', 'Holding');
    expect(JSON.stringify(holding.status)).toContain('***');
    echoes.delete('turn');
    expect(reasonOf(await held.untilEnded('held-v2'))).toBe('Succeeded');

    expect(arrived.flat().filter((text) => text === `Bearer ${HERS}`).length).toBeGreaterThan(12);
    const { statuses, events, log, metrics } = await outletsOf(world, TENANT);
    const shown = [JSON.stringify(statuses), JSON.stringify(events), log.join('\n'), metrics];
    expect(shown.map((text) => text.includes('held-v2'))).toEqual([true, true, true, false]);
    const all = shown.join('\n').toLowerCase();
    for (const secret of [HERS, TOKEN])
      for (let at = 0; at + 8 <= secret.length; at += 1)
        expect(all).not.toContain(secret.slice(at, at + 8).toLowerCase());
    return Object.keys(cases).length + 1;
  },
);

faultCase(
  {
    id: 'X4',
    family: FAMILY,
    injected:
      "another namespace's Rollout, which allows nobody, somebody else, everybody by a star, or does so by a label",
    laws: ['S5'],
  },
  async () => {
    const grants: [string, object][] = [
      ['none', {}],
      ['other', { annotations: { 'sluice.dev/allowed-environments': `${VICTIM}/theirs, other/theirs` } }],
      [
        'prefix',
        { annotations: { 'sluice.dev/allowed-environments': `${TENANT}/their,${TENANT}/theirss,${TENANT}` } },
      ],
      ['star', { annotations: { 'sluice.dev/allowed-environments': `*,*/*,${TENANT}/*` } }],
      ['label', { labels: { 'sluice.dev/allowed-environments': `${TENANT}.theirs` } }],
      [
        'template',
        {
          spec: {
            template: {
              metadata: { annotations: { 'sluice.dev/allowed-environments': `${TENANT}/theirs` } },
            },
          },
        },
      ],
    ];
    const since = cluster.audited().length;
    await Promise.all(
      grants.map(async ([app, grant]) => {
        const there = await new Place(cluster.api, VICTIM, app).prepare({ ungated: true });
        if ('spec' in grant) await cluster.api.patch(rolloutPath(VICTIM, app), grant);
        else await cluster.api.patch(rolloutPath(VICTIM, app), { metadata: grant });
        return there;
      }),
    );
    await place.apply('Environment', 'theirs', {
      targets: grants.map(([app]) => ({ name: app, rollout: { name: app, namespace: VICTIM } })),
    });
    for (const [app] of grants) {
      await place.apply('Promotion', `theirs-${app}`, {
        environment: 'theirs',
        targets: [app],
        revision: { images: [revisionImage(app, 'v2')] },
      });
      const waiting = await place.untilReason(`theirs-${app}`, 'AwaitingReference', 'Preflight');
      expect(JSON.stringify(waiting.status)).toContain('does not allow this Environment');
      expect(await new Place(cluster.api, VICTIM, app).pods()).toMatchObject({ [imageFor(app, 'v1')]: 5 });
    }
    const touched = audited(since).filter(
      ({ verb, objectRef }) =>
        objectRef?.namespace === VICTIM &&
        ['rollouts', 'controllerrevisions'].includes(objectRef.resource) &&
        !['get', 'list', 'watch'].includes(verb),
    );
    expect(touched).toEqual([]);
    return grants.length;
  },
);

faultCase(
  {
    id: 'X5',
    family: FAMILY,
    injected: 'forged Decisions, statuses and records, by users without the right to write them',
    laws: ['S4', 'S5'],
  },
  async () => {
    const flight = await new Place(cluster.api, TENANT, 'flight').prepare({ gate: UNDECIDED });
    await flight.promote('v2');
    const { metadata } = await flight.untilReason('flight-v2', 'Analysing');
    // A developer who ships: Promotions and nothing else.
    await bind('alice', [
      { apiGroups: ['sluice.dev'], resources: ['promotions'], verbs: ['get', 'create', 'patch', 'update'] },
    ]);
    const spec = {
      by: 'bob',
      verdict: 'Abort',
      environment: 'flight',
      promotion: { name: 'flight-v2', uid: metadata.uid },
    };
    const decision = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Decision',
      metadata: { name: 'forged' },
      spec,
    };
    const ended = {
      conditions: [
        {
          type: 'Completed',
          status: 'True',
          reason: 'Succeeded',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    const record = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: `sluice-${metadata.uid}-x` },
      data: { hash: 'x', template: {} },
      revision: 1,
    };
    const status = { status: ended };
    let tried = 0;
    for (const user of ['eve', 'alice'] as const) {
      const api = cluster.apiAs(user);
      const forged: (() => Promise<unknown>)[] = [
        () => api.create(sluicePath(TENANT, 'decisions'), decision),
        () => api.patch(`${sluicePath(TENANT, 'promotions', 'flight-v2')}/status`, status),
        () =>
          api.patch(`${sluicePath(TENANT, 'environments', 'flight')}/status`, {
            status: { quarantine: null },
          }),
        () => api.patch(`${sluicePath(TENANT, 'gates', 'flight')}/status`, status),
        () => api.patch(sluicePath(TENANT, 'gates', 'flight'), { spec: { advisory: true } }),
        () => api.patch(sluicePath(TENANT, 'environments', 'flight'), { spec: { gates: null } }),
        () => api.create(`/apis/apps/v1/namespaces/${TENANT}/controllerrevisions`, record),
        () => api.patch(`${rolloutPath(TENANT, 'flight')}/status`, { status: { promoteFull: true } }),
      ];
      for (const forge of forged) await expect(forge()).rejects.toMatchObject({ status: 403 });
      tried += forged.length;
    }
    // What comes with a write that is allowed is left out, and what cannot change does not.
    const alice = cluster.apiAs('alice');
    const path = sluicePath(TENANT, 'promotions', 'flight-v2');
    await alice.patch(path, status);
    await expect(alice.patch(path, { spec: { gates: null, targets: ['other'] } })).rejects.toMatchObject({
      status: 422,
    });
    const created = await alice.create<{ status?: unknown }>(sluicePath(TENANT, 'promotions'), {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name: 'flight-v3' },
      spec: flight.orderOf('v3'),
      ...status,
    });
    expect(created.status).toBeUndefined();
    await flight.untilReason('flight-v3', 'Queued');
    const still = await flight.promotion('flight-v2');
    expect(reasonOf(still)).toBe('Analysing');
    expect(still.status?.decisions).toBeUndefined();
    expect(still.status?.summary?.weight).toBe(20);
    return tried + 3;
  },
);

/** Gives a person rights in the tenant's namespace. */
async function bind(user: UserName, rules: object[]): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${TENANT}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  await cluster.api.create(`${rbac}/roles`, { apiVersion, kind: 'Role', metadata: { name: user }, rules });
  await cluster.api.create(`${rbac}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup, kind: 'Role', name: user },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  });
  await cluster.kubectl(['auth', 'can-i', 'create', 'promotions.sluice.dev', '-n', TENANT], { user });
}
