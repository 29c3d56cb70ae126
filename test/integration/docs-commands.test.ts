import { mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { writeEnvironment } from '../demo/around.ts';
import type { KubeObject } from '../harness/api.ts';
import { applyYaml } from '../harness/apply.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { shell } from '../harness/shell.ts';
import { until } from '../harness/until.ts';

/* Each kubectl command that the pages for whoever runs Sluice show is typed as it stands, in a namespace of its own. */

const { cluster } = sharedWorld();
const NAMESPACE = 'docs';
const PAGES = ['install', 'operations', 'troubleshooting', 'runbooks'];

/** What no test world has: pods, and metrics of pods. They are understood, and say so. */
const WITHOUT_PODS: readonly [command: RegExp, answer: RegExp][] = [
  [/^kubectl logs .*deployment\//, /not found/],
  [/^kubectl top /, /Metrics API not available/],
  [/--raw \/api\/v1\/namespaces\/sluice-system\/services/, /ServiceUnavailable|no endpoints|not found/],
  // The file is the reader's.
  [/^kubectl sluice lint -f gate\.yaml/, /gate\.yaml/],
];

const commands = PAGES.flatMap((name) =>
  blocks(pageAt(`docs/${name}.md`), 'sh')
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .filter((line) => line.startsWith('kubectl '))
    .map((line): [string, string] => [
      name,
      line
        .replace(/\s+#.*$/, '')
        .replace(/ \| .*$/, '')
        .replaceAll('-n shop', `-n ${NAMESPACE}`),
    ]),
);

let file = '';
let directory = '';

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  const readme = pageAt('README.md');
  for (const manifest of blocks(readme, 'yaml'))
    await applyYaml(cluster.api, manifest.replaceAll('namespace: shop', `namespace: ${NAMESPACE}`));
  await createRollout(cluster.api, NAMESPACE, 'checkout', { image: 'ghcr.io/acme/checkout:1.4.1' });
  await untilHealthy(cluster.api, NAMESPACE, 'checkout');
  await until('it was looked at', async () => {
    const found = await cluster.api.get<Promotion & KubeObject>(
      sluicePath(NAMESPACE, 'promotions', 'checkout-1.4.2-prod'),
    );
    return reasonOf(found) === 'Preflight';
  });
  directory = mkdtempSync(join(cluster.facts.dir, 'docs-'));
  file = await writeEnvironment(cluster, NAMESPACE, directory);
});

describe('the commands', () => {
  test('are found', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(dirname(file)).toBe(directory);
  });

  test.each(commands)('%s: %s', async (_, command) => {
    const ran = await shell(`. ${file}\n${command}`, { PATH: process.env['PATH'] ?? '', HOME: directory });
    const [, answer] = WITHOUT_PODS.find(([pattern]) => pattern.test(command)) ?? [];
    if (answer) expect(`${ran.stdout}${ran.stderr}`).toMatch(answer);
    else
      expect([ran.code, ran.stderr.replace(/^(No resources found.*|Warning: .*)\n/gm, '')]).toEqual([0, '']);
  });

  test('there are four kinds', async () => {
    const { stdout } = await cluster.kubectl(['api-resources', '--api-group=sluice.dev', '-o', 'name']);
    expect(stdout.trim().split('\n')).toHaveLength(4);
  });
});
