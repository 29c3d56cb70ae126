import { beforeAll, expect } from '@jest/globals';
import { UNDECIDED } from '../harness/gates.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { imageFor, Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import type { UserName } from '../harness/users.ts';
import { Asking } from './asking.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';

/* What one tenant tries with another's Rollouts, and with rights that it has not. */

const { cluster } = sharedWorld();
const TENANT = 'hostile-rights';
const VICTIM = 'hostile-rights-victim';
const FAMILY = 'Hostile input: rights';

let place: Asking;

beforeAll(async () => {
  [place] = await Promise.all([Asking.at(cluster, TENANT), cluster.createNamespace(VICTIM)]);
});

faultCase(
  {
    id: 'X4',
    family: FAMILY,
    injected:
      "another namespace's Rollout, which allows nobody, somebody else, everybody by a star, or does so by a label",
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
    const touched = cluster
      .audited()
      .slice(since)
      .filter(
        ({ verb, objectRef }) =>
          objectRef?.namespace === VICTIM &&
          ['rollouts', 'controllerrevisions'].includes(objectRef.resource) &&
          !['get', 'list', 'watch'].includes(verb),
      );
    asked('S5');
    expect(touched).toEqual([]);
    return grants.length;
  },
);

faultCase(
  {
    id: 'X5',
    family: FAMILY,
    injected: 'forged Decisions, statuses and records, by users without the right to write them',
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
