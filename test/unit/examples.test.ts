import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

/* What can be told of the examples without a cluster: that they refer to what is there. */

const examples = join(import.meta.dirname, '../../examples');

const folders = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    environment?: string;
    targets?: { rollout: { name: string } }[];
    gates?: { gate: string }[];
  };
}

const named = (objects: readonly Manifest[], kind: string): string[] =>
  objects.filter((o) => o.kind === kind).map((o) => o.metadata.name);

describe('each example refers to what is in it', () => {
  test.each(folders)('%s', (folder) => {
    const objects = readdirSync(join(examples, folder))
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => parseAllDocuments(readFileSync(join(examples, folder, file), 'utf8')))
      .map((document): Manifest => document.toJS());
    const environments = objects.filter((o) => o.kind === 'Environment');
    const rollouts = environments.flatMap((o) => o.spec.targets?.map((t) => t.rollout.name) ?? []);
    const gates = environments.flatMap((o) => o.spec.gates?.map((g) => g.gate) ?? []);
    expect(named(objects, 'Rollout').toSorted()).toEqual(rollouts.toSorted());
    expect(named(objects, 'Gate').toSorted()).toEqual([...new Set(gates)].toSorted());
    for (const { spec } of objects.filter((o) => o.kind === 'Promotion'))
      expect(named(environments, 'Environment')).toContain(spec.environment);
  });
});

describe('the README of', () => {
  test.each(folders)('%s waits long enough, and says what to replace', (folder) => {
    const readme = readFileSync(join(examples, folder, 'README.md'), 'utf8');
    const waits = readme.match(/^kubectl wait .*$/gm) ?? [];
    expect(waits.length).toBeGreaterThan(0);
    // Without it kubectl waits for 30 s.
    expect(waits.filter((line) => !line.endsWith(' --timeout=10m'))).toEqual([]);
    expect(readme).toContain('](../README.md)');
  });
});
