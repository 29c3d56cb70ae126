import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseYaml } from '../harness/apply.ts';
import { sharedWorld } from '../harness/shared.ts';

/* What the end-to-end tests apply in real pods is taken by the real API server here, so that a field that there is not is noticed without them. */

const { cluster } = sharedWorld();
const folder = join(import.meta.dirname, '../../e2e/manifests');
const IMAGE = `localhost/shop:v1@sha256:${'1'.repeat(64)}`;

beforeAll(async () => {
  for (const name of ['shop', 'monitoring']) await cluster.createNamespace(name);
});

describe('the manifests of e2e/', () => {
  test.each(readdirSync(folder))('%s', async (file) => {
    const objects = parseYaml(readFileSync(join(folder, file), 'utf8').replaceAll('SHOP_V1', IMAGE));
    const args = 'apply --server-side --force-conflicts --dry-run=server -f -';
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const { code, stdout, stderr } = await cluster.kubectl(args.split(' '), { input });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
  });
});
