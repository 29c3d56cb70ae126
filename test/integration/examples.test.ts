import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply, parseYaml } from '../harness/apply.ts';
import { NODE } from '../harness/kubelet.ts';
import type { Rollout } from '../harness/kinds.ts';
import { Place, reasonOf } from '../harness/promotions.ts';
import { numbers } from '../harness/random.ts';
import { sharedWorld } from '../harness/shared.ts';

/*
 * Every example works as it stands, applied in any order, and ends as its README says. Tags that contain
 * `broken` stand for images that fail a third of their requests.
 */

const { cluster, controls } = sharedWorld();
const examples = join(import.meta.dirname, '../../examples');
const folders = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const isRollout = (object: KubeObject): object is Rollout => object.kind === 'Rollout';
const isPromotion = (object: KubeObject): object is Promotion & KubeObject => object.kind === 'Promotion';

/** The objects of a folder, in an order that follows from the seed. */
function shuffled(folder: string, seed: number): KubeObject[] {
  const objects = readdirSync(join(examples, folder))
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseYaml(join(examples, folder, file)));
  const random = numbers(seed);
  return objects
    .map((object) => ({ object, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ object }) => object);
}

/** What the world has that a README can only tell of: how versions behave, who tests a preview, how many ask. */
async function setTheScene(folder: string, objects: readonly KubeObject[]): Promise<void> {
  for (const { metadata, spec } of objects.filter(isRollout)) {
    const { namespace = '', name } = metadata;
    // The harness has one node and no scheduler.
    spec.template.spec.nodeName = NODE;
    if (spec.strategy.blueGreen) await controls.preview(namespace, name, 20);
    if (folder === 'low-traffic') await controls.rate(namespace, name, 2);
  }
  for (const { spec } of objects.filter(isPromotion))
    for (const { image, tag = '', digest } of spec.revision?.images ?? [])
      if (tag.includes('broken')) await controls.behave(`${image}:${tag}@${digest}`, { errorRate: 0.33 });
}

/** Most examples leave the namespace to whoever applies them; one that needs two names both. */
function placed(folder: string, objects: readonly KubeObject[]): KubeObject[] {
  return objects.map((object) => ({
    ...object,
    metadata: { namespace: `example-${folder}`, ...object.metadata },
  }));
}

test.concurrent.each(folders)(
  '%s ends as its README says',
  async (folder) => {
    const readme = readFileSync(join(examples, folder, 'README.md'), 'utf8');
    const ends = /^Ends: (\w+)$/m.exec(readme)?.[1];
    expect(ends).toBeDefined();

    const seed = Number(process.env['SLUICE_EXAMPLES_SEED'] ?? randomInt(2 ** 31));
    process.stdout.write(`example ${folder}: SLUICE_EXAMPLES_SEED=${seed}\n`);
    const objects = placed(folder, shuffled(folder, seed));
    for (const namespace of new Set(objects.map(({ metadata }) => metadata.namespace ?? '')))
      await cluster.createNamespace(namespace);
    await setTheScene(folder, objects);
    for (const object of objects) await apply(cluster.api, object);

    const [promotion] = objects.filter(isPromotion);
    const { name, namespace } = promotion?.metadata ?? { name: '', namespace: '' };
    const ended = await new Place(cluster.api, namespace ?? '', folder).untilEnded(name, 300_000);
    expect([reasonOf(ended), ended.status?.conditions?.[0]?.message]).toEqual([ends, expect.any(String)]);
    // What the README tells to type names what is there.
    expect(readme).toMatch(new RegExp(`kubectl apply .*-f examples/${folder}/?\n`));
    expect(readme).toContain(`promotion/${name}`);
  },
  360_000,
);
