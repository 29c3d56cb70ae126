import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../src/runtime/hash.ts';
import type { KubeObject, ObjectMeta } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { createRollout, rolloutOf, rolloutPath, untilHealthy } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import {
  conditionsOf,
  ERROR_RATE,
  imageFor,
  Place,
  type PlaceOptions,
  QUICK,
  reasonOf,
} from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Rollouts that somebody else declares or that are in another namespace, on the real controllers. */

const { cluster, controls } = sharedWorld();
const { api } = cluster;
const NAMESPACE = 'ownership';
const EDGE = 'ownership-edge';

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await cluster.createNamespace(EDGE);
});

/** What Argo CD writes on everything that its Application `shop` manages. */
const tracked = (app: string): Record<string, string> => ({
  'argocd.argoproj.io/tracking-id': `shop:argoproj.io/Rollout:${NAMESPACE}/${app}`,
});
const GRANT = { 'sluice.dev/image-owner': 'sluice' };
/** Not empty: server-side apply drops an empty list, which would be another template. */
const ENV = { MODE: 'live' };

/** A promotion's first condition's message. */
const messageOf = ({ status }: Awaited<ReturnType<Place['promotion']>>): string =>
  status?.conditions?.[0]?.message ?? '';

const running: GitOps[] = [];
afterEach(async () => {
  for (const gitOps of running.splice(0)) await gitOps.stop();
});

/** What Argo CD's self-heal does: everything that Git says is applied again and again, with force, as its field manager. */
class GitOps {
  rounds = 0;
  /** What Git says of the image; undefined: the image is ignored, so it is not applied. */
  image: string | undefined;
  readonly #object: Rollout;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(app: string, options: Partial<PlaceOptions>, image?: string) {
    this.image = image;
    this.#object = rolloutOf(NAMESPACE, app, { image: '', ...options });
    this.#done = this.#run();
    running.push(this);
  }

  #desired(): Rollout {
    const object = structuredClone(this.#object);
    for (const container of object.spec.template.spec.containers) {
      if (this.image !== undefined) container.image = this.image;
      else Reflect.deleteProperty(container, 'image');
    }
    return object;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await apply(api, this.#desired(), { fieldManager: 'argocd-controller', force: true });
      this.rounds += 1;
      await delay(1000, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }

  /** Waits for as many more rounds. */
  async more(rounds: number): Promise<void> {
    const target = this.rounds + rounds;
    await until(`${rounds} more rounds of GitOps`, () => this.rounds >= target);
  }

  /** Ends it; throws what it has thrown. */
  stop(): Promise<void> {
    this.#end.abort();
    return this.#done;
  }
}

interface FieldsEntry {
  manager: string;
  operation: string;
  subresource?: string;
  fieldsV1: Record<string, unknown>;
}

/** What a field manager owns of an object, its status aside, as paths. */
function ownedBy(object: KubeObject, manager: string): string[] {
  const { managedFields = [] } = object.metadata as ObjectMeta & { managedFields?: FieldsEntry[] };
  const leaves = (fields: object, path: string): string[] =>
    Object.entries(fields).flatMap(([key, value]) => {
      const inner = value as object;
      const here = `${path}/${key}`;
      return Object.keys(inner).length === 0 ? [here] : leaves(inner, here);
    });
  return managedFields
    .filter((f) => f.manager === manager && f.subresource === undefined)
    .flatMap((f) => leaves(f.fieldsV1, ''));
}

describe('a Rollout that Argo CD declares', () => {
  test('is refused without a grant, with the owner and what to do, and nothing is written', async () => {
    const place = await new Place(api, NAMESPACE, 'tracked').prepare({ annotations: tracked('tracked') });
    const before = await place.rollout();
    await place.promote('v2');
    const ended = await place.untilEnded('tracked-v2');
    expect(reasonOf(ended)).toBe('OwnershipConflict');
    expect(conditionsOf(ended)).toEqual(['Completed=True', 'Ready=False', 'Stalled=True', 'Succeeded=False']);
    for (const said of ['Argo CD (Application shop)', 'sluice.dev/image-owner: sluice', 'docs/gitops.md'])
      expect(messageOf(ended)).toContain(said);
    const after = await place.rollout();
    expect([after.metadata.generation, ownedBy(after, 'sluice')]).toEqual([before.metadata.generation, []]);
  });

  test('is recognised by its field manager alone', async () => {
    const place = await new Place(api, NAMESPACE, 'managed').prepare();
    const object = rolloutOf(NAMESPACE, 'managed', { image: imageFor('managed', 'v1') });
    await apply(api, object, { fieldManager: 'argocd-controller' });
    await place.promote('v2');
    const ended = await place.untilEnded('managed-v2');
    expect(reasonOf(ended)).toBe('OwnershipConflict');
    expect(messageOf(ended)).toContain('Argo CD (field manager argocd-controller)');
  });

  test('with the grant is promoted and reverted by its image alone, while Argo CD applies all the rest', async () => {
    const options = { annotations: { ...tracked('granted'), ...GRANT }, env: ENV };
    const place = await new Place(api, NAMESPACE, 'granted').prepare(options);
    const git = new GitOps('granted', options);
    await git.more(1);
    await place.promote('v2');
    expect(reasonOf(await place.untilEnded('granted-v2'))).toBe('Succeeded');
    const before = await place.rollout();
    expect(ownedBy(before, 'sluice')).toEqual([
      '/f:spec/f:template/f:spec/f:containers/k:{"name":"app"}/f:image',
    ]);

    await controls.behave(imageFor('granted', 'v3'), { errorRate: 0.3 });
    await place.promote('v3');
    expect(reasonOf(await place.untilEnded('granted-v3'))).toBe('RolledBack');
    const after = await place.rollout();
    expect(canonicalJson(after.spec.template)).toBe(canonicalJson(before.spec.template));
    expect(ownedBy(after, 'sluice')).toEqual(ownedBy(before, 'sluice'));
    expect(ownedBy(after, 'argocd-controller')).toEqual(ownedBy(before, 'argocd-controller'));
    expect(await place.pods()).toMatchObject({
      [imageFor('granted', 'v2')]: 5,
      [imageFor('granted', 'v3')]: 0,
    });
    expect(git.rounds).toBeGreaterThan(10);
  });

  test('and declares the failed image again and again: the canary stays aborted until Git is corrected', async () => {
    const options = { annotations: { ...tracked('fight'), ...GRANT }, env: ENV };
    const [v1, v2] = [imageFor('fight', 'v1'), imageFor('fight', 'v2')];
    const place = await new Place(api, NAMESPACE, 'fight').prepare({
      ...options,
      gate: {
        prometheus: { query: 'vector(1)', pass: 'value > 1.0', fail: 'value < 1.0' },
        intervalSeconds: 1,
      },
    });
    await place.promote('v2');
    await place.untilReason('fight-v2', 'Analysing');
    // The version that is promoted is merged in Git as well, and nobody has told Argo CD to ignore the image.
    const git = new GitOps('fight', options, v2);
    await git.more(1);
    await place.apply('Gate', 'fight', {
      prometheus: { query: 'vector(0)', pass: 'value > 0.0' },
      intervalSeconds: 1,
    });
    const asked = await place.untilReason('fight-v2', 'RevertPendingIntent');
    expect(conditionsOf(asked)).toEqual([
      'Completed=False',
      'Ready=False',
      'RolledBack=False',
      'Stalled=True',
      'Succeeded=Unknown',
    ]);
    expect(messageOf(asked)).toContain('Argo CD (Application shop) declares the failed revision');
    expect(messageOf(asked)).toContain(`set container app to ${v1} where it is declared (in Git)`);
    expect(asked.status?.targets?.[0]?.restores).toBe(2);
    await until('no pod of the failed revision is left', async (seen) => {
      const pods = await place.pods();
      seen(pods);
      return pods[v2] === 0 && pods[v1] === 5;
    });
    const { generation } = (await place.rollout()).metadata;
    await git.more(3);
    const held = await place.rollout();
    expect([held.metadata.generation, held.status?.abort]).toEqual([generation, true]);
    expect(held.spec.template.spec.containers[0]?.image).toBe(v2);

    git.image = v1;
    const ended = await place.untilEnded('fight-v2');
    expect(reasonOf(ended)).toBe('RolledBack');
    expect(ended.status?.targets?.[0]?.restores).toBe(3);
    expect(await place.pods()).toEqual({ [v1]: 5, [v2]: 0 });
    expect((await place.rollout()).status?.phase).toBe('Healthy');
    expect((await place.environment()).status?.quarantine).toHaveLength(1);
  });
});

/** An Environment and its gate for a Rollout that is in the other namespace. */
async function acrossTo(app: string): Promise<{ place: Place; edge: Place }> {
  const place = new Place(api, NAMESPACE, app);
  await createRollout(api, EDGE, app, { image: imageFor(app, 'v1') });
  await place.apply('Gate', app, ERROR_RATE);
  await place.apply('Environment', app, {
    targets: [{ name: app, rollout: { name: app, namespace: EDGE } }],
    gates: [{ gate: app, when: 'During' }],
    analysis: QUICK,
  });
  await untilHealthy(api, EDGE, app);
  return { place, edge: new Place(api, EDGE, app) };
}

/** The owner of the Rollout allows these Environments, or none. */
const allow = (app: string, environments: string | null): Promise<unknown> =>
  api.patch(rolloutPath(EDGE, app), {
    metadata: { annotations: { 'sluice.dev/allowed-environments': environments } },
  });

const records = async (namespace: string, app: string): Promise<number> => {
  const { items } = await api.list(`/apis/apps/v1/namespaces/${namespace}/controllerrevisions`);
  return items.filter((r) => r.metadata.ownerReferences?.some((o) => o.name === app)).length;
};

describe('a Rollout in another namespace', () => {
  test('waits in Preflight without a grant, and goes on with it; without it again the next one waits, not the revert', async () => {
    const { place, edge } = await acrossTo('across');
    await place.promote('v2');
    const waiting = await place.untilReason('across-v2', 'Preflight');
    expect(waiting.status?.blockedBy?.[0]?.reason).toBe('Grant');
    expect(messageOf(waiting)).toContain(
      `its owner adds \`${NAMESPACE}/across\` to its annotation sluice.dev/allowed-environments`,
    );
    expect(await records(EDGE, 'across')).toBe(0);

    await allow('across', `other/place, ${NAMESPACE}/across`);
    expect(reasonOf(await place.untilEnded('across-v2'))).toBe('Succeeded');
    expect(await edge.pods()).toEqual({ [imageFor('across', 'v1')]: 0, [imageFor('across', 'v2')]: 5 });

    await place.promote('v3');
    await place.untilReason('across-v3', 'Analysing');
    expect([await records(EDGE, 'across'), await records(NAMESPACE, 'across')]).toEqual([1, 0]);
    await allow('across', null);
    await controls.behave(imageFor('across', 'v3'), { errorRate: 0.5 });
    expect(reasonOf(await place.untilEnded('across-v3'))).toBe('RolledBack');
    expect(await edge.pods()).toMatchObject({ [imageFor('across', 'v2')]: 5, [imageFor('across', 'v3')]: 0 });
    await until('the record is let go', async () => (await records(EDGE, 'across')) === 0);

    await place.promote('v4');
    const next = await place.untilReason('across-v4', 'Preflight');
    expect(next.status?.blockedBy?.[0]?.reason).toBe('Grant');
  });

  test('that does not exist is named with its namespace', async () => {
    const place = new Place(api, NAMESPACE, 'nowhere');
    await place.apply('Environment', 'nowhere', {
      targets: [{ name: 'nowhere', rollout: { name: 'nowhere', namespace: EDGE } }],
    });
    await place.promote('v2');
    const says = `Rollout nowhere does not exist in namespace ${EDGE}: apply it`;
    const waiting = await until('the promotion says so', async (seen) => {
      const found = await place.promotion('nowhere-v2');
      seen(found.status?.conditions);
      return messageOf(found) === says && found;
    });
    expect(reasonOf(waiting)).toBe('AwaitingReference');
    await until('so does the Environment', async (seen) => {
      const { status } = await place.environment();
      seen(status?.conditions);
      return status?.conditions?.[0]?.message === says;
    });
  });
});
