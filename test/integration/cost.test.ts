import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { sharedWorld } from '../harness/shared.ts';
import { type Cost, writesOf } from '../bench/writes.ts';

/* What a promotion costs the API server. `make bench` measures the same (B5, B6); these are the bounds that hold. */

const { cluster } = sharedWorld();

/** The writes for one promotion in a namespace of its own, with gates that pass after so many samples. */
async function costOf(namespace: string, steps: number, gates: Record<string, number>): Promise<Cost> {
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

describe('what the operator writes', () => {
  test('for a gate of 12 good samples at a step: at most 3, events included', async () => {
    const [bare, gated] = await Promise.all([
      costOf('cost-bare', 2, {}),
      costOf('cost-gated', 2, { gate: 12 }),
    ]);
    const added = {
      statuses: gated.atStep.statuses - bare.atStep.statuses,
      events: gated.atStep.events - bare.atStep.events,
    };
    // That it is being judged there, which takes longer than such news may wait, and that it goes on.
    expect(added).toEqual({ statuses: 1, events: 1 });
  });

  test('for a promotion with 5 quick steps and 2 gates: one status a step, whichever gate passes first', async () => {
    // Three of them, since one that the machine holds up for a while has news that have waited for long enough.
    const spaces = ['cost-a', 'cost-b', 'cost-c'];
    const costs = await Promise.all(spaces.map((space) => costOf(space, 5, { first: 2, second: 3 })));
    const [least] = costs.toSorted((a, b) => a.objects - b.objects);
    if (!least) throw new Error('nothing was promoted');
    const { objects, events, byKind, atStep } = least;
    const { 'patch environments': uses, 'patch environments/status': truths, ...own } = byKind;
    expect(own).toEqual({
      'create controllerrevisions': 1,
      'delete controllerrevisions': 1,
      // What keeps it while it is under way.
      'patch promotions': 2,
      // Its plan, that it begins, each advance, and its end.
      'patch promotions/status': 8,
      'patch rollouts': 1,
      'patch rollouts/status': 5,
      'create events': events,
    });
    expect({ uses, truths }).toEqual({ uses: 2, truths: 2 });
    expect(atStep).toEqual({ statuses: 1, events: 1 });
    expect(objects).toBe(22);
    // Each status that says something new is told, and two warnings of preflight.
    expect(events).toBeLessThanOrEqual(10);
  });
});
