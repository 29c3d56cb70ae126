import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Decision } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { UNDECIDED } from '../harness/gates.ts';
import { installChart } from '../harness/helm.ts';
import { type RunningOperator, startOperator } from '../harness/operator.ts';
import { decideAs, decisionOf, entitle, fateOf } from '../harness/people.ts';
import { Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { startSecondApiserver } from '../harness/second-apiserver.ts';
import { until } from '../harness/until.ts';
import { startWorld, type World } from '../harness/world.ts';

/*
 * What becomes of Decisions when the policies that prove their authors are taken away, bent and put back, while the
 * operator looks and while it does not. On a cluster of its own.
 */

const NAMESPACE = 'trust';
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const CREATE = 'sluice-decision-create';
const RETENTION_SECONDS = 120;

let world: World;
let operator: RunningOperator;
let over: Awaited<ReturnType<typeof ageing>>;

beforeAll(async () => {
  world = await startWorld();
  const { cluster, prometheus } = world;
  await installChart(cluster);
  operator = await startOperator(cluster.run, cluster, {
    prometheusAddress: prometheus.url,
    args: [`--decision-retention-seconds=${RETENTION_SECONDS}`],
  });
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'bob', 'release-operator');
  await entitle(cluster, NAMESPACE, 'eve', [
    { apiGroups: ['sluice.dev'], resources: ['decisions'], verbs: ['create'] },
  ]);
  over = await ageing();
}, 300_000);

afterAll(() => world.stop());

/** A Decision that is refused at once: when it was made, and when it was gone. Its time passes while other tests run. */
async function ageing(): Promise<{ created: number; gone: Promise<number> }> {
  const { cluster } = world;
  const spec = { verdict: 'Abort', environment: 'nowhere', promotion: { name: 'no', uid: 'no' } } as const;
  await decideAs(cluster, NAMESPACE, 'bob', 'over', spec);
  await fateOf(cluster, NAMESPACE, 'over');
  const path = sluicePath(NAMESPACE, 'decisions', 'over');
  const { metadata } = await cluster.api.get(path);
  const isGone = until('it is gone', async () => !(await cluster.api.find(path)), { timeoutMs: 400_000 });
  const gone = isGone.then(() => Date.now());
  // The test that awaits it tells.
  gone.catch(() => {});
  return { created: Date.parse(metadata.creationTimestamp ?? ''), gone };
}

/** A promotion that stands at its first pause until somebody decides. */
async function inFlight(app: string): Promise<{ place: Place; on: { name: string; uid: string } }> {
  const place = await new Place(world.cluster.api, NAMESPACE, app).prepare({ gate: UNDECIDED });
  await place.promote('v2');
  const { metadata } = await place.untilReason(`${app}-v2`, 'Analysing');
  return { place, on: { name: `${app}-v2`, uid: metadata.uid } };
}

/** eve aborts as bob, as soon as the API server lets her. */
function forge(app: string, on: { name: string; uid: string }): Promise<string> {
  const spec = { by: 'bob', verdict: 'Abort', environment: app, promotion: on } as const;
  let tries = 0;
  return until('the API server takes a forged Decision', async () => {
    const name = `${app}-forged-${(tries += 1)}`;
    await world.cluster.apiAs('eve').create(sluicePath(NAMESPACE, 'decisions'), decisionOf(name, spec));
    return name;
  });
}

const accepted = async (name: string): Promise<string> => {
  const found = await world.cluster.api.get<Decision & KubeObject>(sluicePath(NAMESPACE, 'decisions', name));
  const condition = found.status?.conditions?.find((c) => c.type === 'Accepted');
  return condition ? `${condition.status} ${condition.reason}` : '';
};

/** The promotion stays where it is, for so long that a Decision would have been used. */
async function untouched(place: Place, promotion: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(reasonOf(await place.promotion(promotion))).toBe('Analysing');
}

/** Bends what is in force; returns how to put it back as it was. */
type Bend = () => Promise<() => Promise<unknown>>;

const without = async (path: string): Promise<() => Promise<unknown>> => {
  const { api } = world.cluster;
  const found = await api.get<KubeObject & { spec: object }>(path);
  await api.delete(path);
  const { name, labels } = found.metadata;
  return () =>
    api.create(path.slice(0, path.lastIndexOf('/')), {
      apiVersion: found.apiVersion,
      kind: found.kind,
      metadata: { name, labels },
      spec: found.spec,
    });
};

const edited = async (path: string, spec: object, back: object): Promise<() => Promise<unknown>> => {
  await world.cluster.api.patch(path, { spec });
  return () => world.cluster.api.patch(path, { spec: back });
};

const BENDS: Record<string, Bend> = {
  'without the binding': () => without(`${BINDINGS}/${CREATE}`),
  'without the policy': () => without(`${POLICIES}/${CREATE}`),
  'with a binding that only warns': () =>
    edited(
      `${BINDINGS}/${CREATE}`,
      { validationActions: ['Warn'] },
      { validationActions: ['Deny', 'Audit'] },
    ),
  'with a policy that spares eve': () =>
    edited(
      `${POLICIES}/${CREATE}`,
      { matchConditions: [{ name: 'not-eve', expression: "request.userInfo.username != 'eve'" }] },
      { matchConditions: null },
    ),
  'with a binding that spares the namespace': () =>
    edited(
      `${BINDINGS}/${CREATE}`,
      {
        matchResources: {
          namespaceSelector: {
            matchExpressions: [
              { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [NAMESPACE] },
            ],
          },
        },
      },
      { matchResources: null },
    ),
};

describe('a Decision that was made while nothing proved its author', () => {
  test.each(Object.entries(BENDS))('%s is not used, then or ever', async (what, bend) => {
    const app = `a${Object.keys(BENDS).indexOf(what)}`;
    const { place, on } = await inFlight(app);
    const straighten = await bend();
    const forged = await forge(app, on);
    await untouched(place, on.name);
    const blocked = await until('it says so', async (seen) => {
      const found = await place.promotion(on.name);
      seen(found.status?.blockedBy);
      return found.status?.blockedBy?.find((b) => b.reason === 'DecisionsNotTrusted');
    });
    expect(blocked.message).toContain(CREATE);
    expect(await accepted(forged)).toBe('Unknown DecisionsNotTrusted');
    await straighten();
    expect(await fateOf(world.cluster, NAMESPACE, forged)).toBe('False NotTrusted');
    await untouched(place, on.name);
    // What is made honestly after that is used.
    const honest = await until('an honest Decision is used', async () => {
      const name = `${app}-honest-${Date.now()}`;
      await decideAs(world.cluster, NAMESPACE, 'bob', name, {
        verdict: 'Abort',
        environment: app,
        promotion: on,
      });
      const fate = await fateOf(world.cluster, NAMESPACE, name);
      return fate === 'True Used' && fate;
    });
    expect(honest).toBe('True Used');
    expect(reasonOf(await place.untilEnded(on.name))).toBe('Aborted');
  });

  test('and put back before an operator could see it', async () => {
    const { place, on } = await inFlight('unseen');
    await operator.program.stop();
    const straighten = await without(`${BINDINGS}/${CREATE}`);
    const forged = await forge('unseen', on);
    await straighten();
    await operator.program.start();
    expect(await fateOf(world.cluster, NAMESPACE, forged)).toBe('False NotTrusted');
    await untouched(place, on.name);
  });

  test('by another API server, which took the policy up later than the one that the operator asks', async () => {
    const { place, on } = await inFlight('second');
    const second = (await startSecondApiserver(world.cluster)).apiAs('eve');
    const straighten = await without(`${BINDINGS}/${CREATE}`);
    const taken: string[] = [];
    const spec = { by: 'bob', verdict: 'Abort', environment: 'second', promotion: on } as const;
    const attempt = async (): Promise<boolean> => {
      const name = `second-forged-${taken.length}`;
      const sent = second.create(sluicePath(NAMESPACE, 'decisions'), decisionOf(name, spec));
      const isTaken = await sent.then(
        () => true,
        () => false,
      );
      if (isTaken) taken.push(name);
      return isTaken;
    };
    await until('the second API server takes a forged Decision', attempt);
    await straighten();
    // She goes on until it has refused her for so long that it has surely taken the policy up.
    for (let refused = 0; refused < 100; await new Promise((resolve) => setTimeout(resolve, 10)))
      refused = (await attempt()) ? 0 : refused + 1;
    const fates = await Promise.all(taken.map((name) => fateOf(world.cluster, NAMESPACE, name)));
    expect(new Set(fates)).toEqual(new Set(['False NotTrusted']));
    await untouched(place, on.name);
  });
});

test('a restart by itself asks nobody to decide again', async () => {
  const { place, on } = await inFlight('restart');
  await operator.program.stop();
  await decideAs(world.cluster, NAMESPACE, 'bob', 'while-away', {
    verdict: 'Abort',
    environment: 'restart',
    promotion: on,
  });
  await operator.program.start();
  expect(await fateOf(world.cluster, NAMESPACE, 'while-away')).toBe('True Used');
  expect(reasonOf(await place.untilEnded(on.name))).toBe('Aborted');
});

test('a Decision whose fate is decided goes when its time is over, by the operator, and no sooner', async () => {
  const { created, gone } = over;
  expect((await gone) - created).toBeGreaterThanOrEqual(RETENTION_SECONDS * 1000);
}, 200_000);

test('a namespace with Decisions can go', async () => {
  const { api } = world.cluster;
  await world.cluster.createNamespace('short-lived');
  await api.create(
    sluicePath('short-lived', 'decisions'),
    decisionOf('kept', { by: 'admin', verdict: 'Thaw', environment: 'prod' }),
  );
  await api.delete('/api/v1/namespaces/short-lived');
  const gone = until('it is gone', async () => !(await api.find('/api/v1/namespaces/short-lived')), {
    timeoutMs: 60_000,
  });
  await expect(gone).resolves.toBe(true);
});
