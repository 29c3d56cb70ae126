import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { imageFor, Place, QUICK, reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { follow } from '../harness/watch.ts';

/* The stages of a promotion as somebody sees them who watches it, and who meddles at the worst moment. */

const { cluster } = sharedWorld();
const NAMESPACE = 'stages';

beforeAll(() => cluster.createNamespace(NAMESPACE));

describe('a promotion that is watched', () => {
  test('shows each stage that it goes through, in order', async () => {
    const reasons: string[] = [];
    const watching = await follow<Promotion & KubeObject>(
      cluster.api,
      sluicePath(NAMESPACE, 'promotions'),
      (promotion) => {
        const reason = reasonOf(promotion);
        if (reason !== '' && !reasons.includes(reason)) reasons.push(reason);
      },
    );
    const place = await new Place(cluster.api, NAMESPACE, 'watched').prepare();
    const passing = { query: 'vector(1)', pass: 'value > 0.0' };
    // Each stage takes longer than news may wait, so that it is told as soon as it begins.
    await place.apply('Gate', 'during', { prometheus: passing, intervalSeconds: 1, count: 8 });
    await place.apply('Gate', 'last', { prometheus: passing, intervalSeconds: 1, count: 2 });
    await place.apply('Environment', 'watched', {
      targets: [{ name: 'watched', rollout: { name: 'watched' } }],
      gates: [
        { gate: 'during', when: 'During' },
        { gate: 'last', when: 'After' },
      ],
      analysis: { ...QUICK, settleSeconds: 6, bakeSeconds: 6 },
    });
    await place.promote('v2');
    expect(reasonOf(await place.untilEnded('watched-v2'))).toBe('Succeeded');
    await until('the watch has brought the end', () => reasons.includes('Succeeded'));
    watching.stop();
    expect(reasons).toEqual([
      'Preflight',
      'Applying',
      'Settling',
      'Analysing',
      'Advancing',
      'Baking',
      'Verifying',
      'Succeeded',
    ]);
  });
});

/** What Sluice did with Rollouts here and was answered, as `verb code`. */
const withRollouts = (): string[] =>
  cluster
    .audited()
    .filter(({ objectRef }) => objectRef?.resource === 'rollouts' && objectRef.namespace === NAMESPACE)
    .map(({ verb, responseStatus }) => `${verb} ${responseStatus?.code}`);

/** Ends the wait at a pause, as the kubectl plugin does. */
async function advance(app: string): Promise<void> {
  const remove = [{ op: 'remove', path: '/status/pauseConditions' }];
  await cluster.api.patch(`${rolloutPath(NAMESPACE, app)}/status`, remove, 'json').catch(() => {
    // Sluice was first.
  });
}

const THREE_PAUSES = [20, 50, 80].flatMap((setWeight) => [{ setWeight }, { pause: {} }]);

describe('somebody who advances the Rollout in the same moment as Sluice', () => {
  test('gets in first: the guard of its patch stops Sluice, which looks again and skips no pause', async () => {
    // Who is first is chance, and nearly always the one who has no status to write; so as often as it takes.
    for (let n = 1; n <= 10 && !withRollouts().includes('patch 422'); n += 1) {
      const app = `moment-${n}`;
      const pauses = new Set<number>();
      const place = await new Place(cluster.api, NAMESPACE, app).prepare({
        ungated: true,
        steps: THREE_PAUSES,
      });
      const watching = await follow<Rollout>(cluster.api, rolloutPath(NAMESPACE), ({ metadata, status }) => {
        if (metadata.name !== app || !status?.pauseConditions) return;
        const step = status.currentStepIndex ?? 0;
        // At the second pause: before the first one Sluice is still writing that its images were taken.
        if (step === 3 && !pauses.has(step)) void advance(app);
        pauses.add(step);
      });
      await place.promote('v2');
      const ended = await place.untilEnded(`${app}-v2`);
      // The other one's advance was seen before Sluice had decided on its own, or after.
      expect(['ExternalPromotion', 'Succeeded']).toContain(reasonOf(ended));
      await until('the pause after it was stood at', () => pauses.has(5));
      watching.stop();
      expect((await place.rollout()).spec.template?.spec.containers[0]?.image).toBe(imageFor(app, 'v2'));
    }
    expect(withRollouts()).toEqual(expect.arrayContaining(['patch 422', 'get 200']));
  });
});
