import { beforeAll, describe, expect, test } from '@jest/globals';
import { conditionsOf, ERROR_RATE, imageFor, Place, reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* No data is not a pass and not a fail: it holds where it is, and goes on by itself. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'outage';

beforeAll(() => cluster.createNamespace(NAMESPACE));

/** A gate against a server that is not there. */
const nowhere = { ...ERROR_RATE, prometheus: { ...ERROR_RATE.prometheus, address: 'http://127.0.0.1:1' } };

describe('a metrics backend that does not answer', () => {
  test('holds, pages past its deadline, and the promotion goes on by itself when answers return', async () => {
    const place = await new Place(cluster.api, NAMESPACE, 'away').prepare({
      analysis: { maxBlindSeconds: 3, bakeSeconds: 1 },
    });
    await place.apply('Gate', 'away', {
      ...ERROR_RATE,
      prometheus: { ...ERROR_RATE.prometheus, pass: 'value < 0.0', fail: 'value > 0.9' },
    });
    await place.promote('v2');
    await place.untilReason('away-v2', 'Analysing');
    await place.apply('Gate', 'away', nowhere);
    const holding = await place.untilReason('away-v2', 'Holding');
    expect(holding.status?.blockedBy?.[0]).toMatchObject({ reason: 'GateBlind' });

    const paging = await until('it pages', async (seen) => {
      const found = await place.promotion('away-v2');
      seen(found.status?.conditions);
      return found.status?.conditions?.some((c) => c.type === 'Stalled') && found;
    });
    expect(reasonOf(paging)).toBe('Holding');
    expect(conditionsOf(paging)).toEqual([
      'Completed=False',
      'Ready=False',
      'Stalled=True',
      'Succeeded=Unknown',
    ]);
    expect((await place.pods())[imageFor('away', 'v2')]).toBe(1);

    await place.apply('Gate', 'away', ERROR_RATE);
    expect(reasonOf(await place.untilEnded('away-v2'))).toBe('Succeeded');
  });
});

describe('metrics that go missing', () => {
  test('no data holds past the gate deadline, and never reverts', async () => {
    const gate = { ...ERROR_RATE, deadlineSeconds: 3 };
    const place = await new Place(cluster.api, NAMESPACE, 'missing').prepare({ gate });
    const stable = (await place.rollout()).status?.stableRS;
    await place.promote('v2');
    await place.untilReason('missing-v2', 'Advancing', 'Settling', 'Analysing');
    const hash = await until('the canary has a hash of its own', async () => {
      const current = (await place.rollout()).status?.currentPodHash;
      return current !== stable && current;
    });
    await controls.silence(true, { namespace: NAMESPACE, rollout: 'missing', hash });
    const held = await place.untilReason('missing-v2', 'Holding');
    expect(held.status?.gates?.[0]?.verdict).toBe('Inconclusive');
    expect(held.status?.revert).toBeUndefined();
    await controls.silence(false, { namespace: NAMESPACE, rollout: 'missing', hash });
    expect(reasonOf(await place.untilEnded('missing-v2'))).toBe('Succeeded');
  });
});
