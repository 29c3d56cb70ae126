import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { applyYaml } from '../harness/apply.ts';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { reasonOf } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';

/* What the README shows works as it stands: its manifests are applied, its kubectl commands are run. */

const { cluster } = sharedWorld();
const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

function manifest(name: string): string {
  const block = new RegExp(`<!-- manifest: ${name} -->\\n\`\`\`yaml\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no manifest ${name}`);
  return block;
}

/** Arguments of every kubectl command in the README, without what a shell takes for a comment. */
const commands = [...readme.matchAll(/^kubectl (.+)$/gm)].map(([, line = '']) =>
  line.replace(/\s+#.*$/, '').split(/\s+/),
);

beforeAll(() => cluster.createNamespace('shop'));

describe('the tour', () => {
  test('every manifest is in the test', () => {
    const named = [...readme.matchAll(/<!-- manifest: (\w+) -->/g)].map(([, name]) => name);
    expect(named).toEqual(['gate', 'environment', 'promotion', 'decision']);
    expect([...readme.matchAll(/```yaml/g)]).toHaveLength(named.length);
  });

  test('its manifests are taken as they stand, in any order, and the promotion begins', async () => {
    for (const name of ['decision', 'promotion', 'environment', 'gate'])
      await applyYaml(cluster.api, manifest(name));
    await createRollout(cluster.api, 'shop', 'checkout', { image: 'ghcr.io/acme/checkout:1.4.1' });
    await untilHealthy(cluster.api, 'shop', 'checkout');
    const begun = await until('the promotion is in Preflight or further', async (seen) => {
      const promotion = await cluster.api.get<Promotion & { apiVersion: string }>(
        '/apis/sluice.dev/v1alpha1/namespaces/shop/promotions/checkout-1.4.2-prod',
      );
      seen(promotion.status?.conditions);
      return !['', 'AwaitingReference'].includes(reasonOf(promotion)) && promotion;
    });
    // Nothing answers about these metrics here, so this is as far as it gets, and it says so.
    expect(reasonOf(begun)).toBe('Preflight');
  });

  test('its kubectl commands run', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(4);
    for (const args of commands) {
      // The waits would last as long as a bake in production does: that they find the object and the condition is enough.
      const quick = args.map((a) => (a.startsWith('--timeout') ? '--timeout=1s' : a));
      const { code, stderr } = await cluster.kubectl(quick);
      if (args[0] === 'wait') expect(stderr).toContain('timed out waiting for the condition');
      else expect([code, stderr]).toEqual([0, '']);
    }
  });
});
