import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { writeEnvironment } from '../demo/around.ts';
import { applyYaml } from '../harness/apply.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { untilHealthy } from '../harness/fixtures.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { shell } from '../harness/shell.ts';
import { until } from '../harness/until.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';

/* docs/tutorial.md, typed line by line in a shell as `make demo KEEP=1` leaves one, over what the demo has played. */

const { cluster, controls } = sharedWorld();
const NAMESPACE = 'tutorial';
/** Of the test's own: what v3 does is known by its image, in the whole world. */
const own = (text: string): string =>
  text
    .replaceAll('ghcr.io/acme/checkout', 'ghcr.io/acme/tutorial')
    .replaceAll('namespace: shop', `namespace: ${NAMESPACE}`);
const page = pageAt('docs/tutorial.md');
const steps = blocks({ ...page, text: own(page.text) }, 'sh');

const demo = (name: string): string =>
  own(readFileSync(join(import.meta.dirname, '../demo/manifests/golden', `${name}.yaml`), 'utf8'));

let said: string[] = [];

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await controls.behave(`ghcr.io/acme/tutorial:v3@sha256:${'3'.repeat(64)}`, { errorRate: 0.2 });
  for (const name of ['rollout', 'gate', 'environment']) await applyYaml(cluster.api, demo(name));
  await untilHealthy(cluster.api, NAMESPACE, 'checkout');
  for (const [name, ending] of [
    ['checkout-v2', 'Succeeded'],
    ['checkout-v3', 'RolledBack'],
  ] as const) {
    await applyYaml(cluster.api, demo(`promotion-${name.slice(-2)}`));
    await until(`${name} is ${ending}`, async () => {
      const path = sluicePath(NAMESPACE, 'promotions', name);
      return reasonOf(await cluster.api.get<Promotion & { apiVersion: string }>(path)) === ending;
    });
  }
});

test('every step does what it says', async () => {
  const directory = mkdtempSync(join(cluster.facts.dir, 'tutorial-'));
  const file = await writeEnvironment(cluster, NAMESPACE, directory);
  expect(steps.slice(0, 2)).toEqual(['make demo KEEP=1\n', '. dist/demo/env\n']);
  for (const step of steps.slice(2)) {
    const ran = await shell(`. ${file}\n${step}`, {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
    });
    // The script is shown with what it said, so that a failure needs no second run.
    expect({ step, ...ran }).toMatchObject({ step, code: 0 });
    said = [...said, `${ran.stdout}${ran.stderr}`];
  }
}, 240_000);

test.each([
  ['the picture', 'checkout:v2'],
  ['a good version', 'Succeeded: fully promoted, and every gate passed'],
  ['what is in the way of a bad one', 'is refused here since promotion checkout-v3 failed'],
  ['the bad one, seen to fail', 'RolledBack: the previous revision is back'],
  ['the freeze', 'Frozen'],
  ['that one may not approve what one has asked for', 'SelfApproval'],
  ['that another may', 'Used'],
  ['whole chains', ', 0 broken'],
])('it shows %s', (_, words) => {
  expect(said.join('\n')).toContain(words.replace('checkout:v2', 'tutorial:v2'));
});
