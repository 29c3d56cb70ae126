import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { writesIn } from '../harness/audit.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import { forbidPromotions } from '../harness/forbid.ts';
import { digestFor, imageFor, Place, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* The truth about a place goes on being told, and is told once, whatever stands in the way of something else. */

const { cluster } = sharedWorld();
const NAMESPACE = 'places';
const path = (app: string): string => sluicePath(NAMESPACE, 'environments', app);
const conditions = async (app: string): Promise<string[]> => {
  const { status } = await cluster.api.get<Environment & KubeObject>(path(app));
  return (status?.conditions ?? []).filter((c) => c.status === 'True').map((c) => c.type);
};

beforeAll(() => cluster.createNamespace(NAMESPACE));

describe('a place that has drifted', () => {
  test('says so once, and nothing more as long as nothing changes', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'drifted').prepare();
    await place.promote('v2');
    expect(reasonOf(await place.untilEnded('drifted-v2'))).toBe('Succeeded');
    const image = [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageFor('drifted', 'v9') },
    ];
    await cluster.api.patch(rolloutPath(NAMESPACE, 'drifted'), image, 'json');
    await until('it has drifted', async () => (await conditions('drifted')).includes('Drifted'));
    const told = (): string[] =>
      writesIn(cluster.audited()).filter((w) => w.includes(`environments/status ${NAMESPACE}/drifted`));
    await until('what follows from it is told', async () => {
      const before = told().length;
      await delay(2000);
      return told().length === before;
    });
    const before = told().length;
    await delay(5000);
    expect(told().slice(before)).toEqual([]);
  });
});

describe('a place whose rollback cannot be made', () => {
  test('goes on telling everything else, says why, and makes it as soon as it can', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'full').prepare();
    for (const version of ['v2', 'v3']) {
      await place.promote(version);
      expect(reasonOf(await place.untilEnded(`full-${version}`))).toBe('Succeeded');
    }
    const first = await place.promotion('full-v2');
    const lift = await forbidPromotions(cluster.api, {
      name: 'places-no-promotions',
      namespace: NAMESPACE,
      expression: 'false',
      message: 'there are enough of them',
    });
    await place.apply('Decision', 'back', {
      by: 'admin',
      verdict: 'Rollback',
      environment: 'full',
      target: 'full',
      revisionDigest: first.status?.revisionDigest,
    });
    await until('an event says why', async () => {
      const { items } = await cluster.api.list<KubeObject & { reason: string; note: string }>(
        `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`,
      );
      return items.some(
        (e) => e.reason === 'PromotionNotMade' && e.note.includes('there are enough of them'),
      );
    });
    await place.apply('Environment', 'full', {
      targets: [{ name: 'full', rollout: { name: 'full' } }],
      gates: [{ gate: 'full', when: 'During' }],
      freeze: { reason: 'a migration' },
    });
    await until('it is frozen all the same', async () => (await conditions('full')).includes('Frozen'));
    await lift();
    await until('it is back', async (seen) => {
      const { items } = await cluster.api.list<Promotion & KubeObject>(sluicePath(NAMESPACE, 'promotions'));
      seen(items.map((p) => [p.metadata.name, reasonOf(p)]));
      return items.some((p) => p.spec.rollback && reasonOf(p) === 'Succeeded');
    });
    expect(await place.image()).toContain(digestFor('full-v2'));
  });
});
