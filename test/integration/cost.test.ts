import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { sharedWorld } from '../harness/shared.ts';
import { type Writes, writesOf } from '../bench/promotions.ts';

/* What a promotion costs the API server. `make bench` measures the same (B5, B6); these are the bounds that hold. */

const { cluster } = sharedWorld();

/** The writes for one promotion in a namespace of its own, with gates that pass after so many samples. */
async function costOf(namespace: string, steps: number, gates: Record<string, number>): Promise<Writes> {
  await cluster.createNamespace(namespace);
  for (const [name, count] of Object.entries(gates))
    await apply(cluster.api, {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Gate',
      metadata: { name, namespace },
      spec: { prometheus: { query: 'vector(1)', pass: 'value > 0.0' }, intervalSeconds: 1, count },
    } as KubeObject);
  return writesOf(cluster, { namespace, n: 1, steps, gates: Object.keys(gates) });
}

/** Objects and events. */
const all = ({ objects, events }: Writes): number => objects + events;

describe('what the operator writes', () => {
  test('for one gate of 12 good samples at a step: at most 3, events included', async () => {
    const [bare1, bare2, gated1, gated2] = await Promise.all([
      costOf('cost-bare-1', 1, {}),
      costOf('cost-bare-2', 2, {}),
      costOf('cost-gated-1', 1, { gate: 12 }),
      costOf('cost-gated-2', 2, { gate: 12 }),
    ]);
    // What it adds at one step more: what it adds to preflight and to the bake is in both.
    const added = all(gated2) - all(bare2) - (all(gated1) - all(bare1));
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(3);
  });

  test('for one promotion with 5 steps and 2 gates: two statuses a step, and no more when a second gate passes', async () => {
    const { objects, events, byKind } = await costOf('cost-full', 5, { first: 2, second: 4 });
    expect(byKind).toMatchObject({ 'patch rollouts': 1, 'patch rollouts/status': 5 });
    expect({ objects, events, byKind }).toMatchObject({ objects: expect.any(Number) });
    expect(objects).toBeLessThanOrEqual(31);
    expect(events).toBeLessThanOrEqual(17);
  });
});
