import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { append } from '../../audit/chain.ts';
import { runCli } from '../program.ts';
import { keptIo } from '../testing/io.ts';

/* What commands without a cluster print for a program. */

const GATE = `apiVersion: sluice.dev/v1alpha1
kind: Gate
metadata: {name: g}
spec: {prometheus: {query: "sum(", pass: value > 0}}
`;

async function ran(input: string, ...argv: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = keptIo(input);
  const exit = await runCli(argv, io);
  return { exit, out: io.printed, err: io.complained };
}

describe('lint -o', () => {
  test('json has each finding with its place, and the same exit code', async () => {
    const { exit, out } = await ran(GATE, 'lint', '-f', '-', '-o', 'json');
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toEqual({
      objects: 1,
      errors: 1,
      warnings: 0,
      findings: [{ at: '-:1', object: 'Gate g', level: 'error', message: expect.stringContaining('query') }],
    });
  });

  test('yaml is the same', async () => {
    const [json, yaml] = [
      await ran(GATE, 'lint', '-', '-o', 'json'),
      await ran(GATE, 'lint', '-', '-o', 'yaml'),
    ];
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
  });

  test('a file that is no YAML has no object', async () => {
    const { out } = await ran('a: [1', 'lint', '-', '-o', 'json');
    expect(JSON.parse(out).findings).toEqual([{ at: '-:1', level: 'error', message: expect.any(String) }]);
  });
});

test('audit verify -o json has what was found of each trail', async () => {
  const links = append('two', undefined, '2026-01-01T00:00:00Z', [{ kind: 'State' }, { kind: 'State' }]);
  const log = links.slice(1).map((link) => JSON.stringify({ audit: { uid: 'two', ...link } }));
  const flags = ['--log', '-', '--whole', '--kubeconfig', '/nowhere', '-o', 'json'];
  const { exit, out, err } = await ran(log.join('\n'), 'audit', 'verify', ...flags);
  expect([exit, err]).toEqual([1, expect.stringContaining('warning: not compared with the cluster')]);
  expect(JSON.parse(out)).toEqual({
    promotions: 1,
    environments: 0,
    broken: 1,
    findings: [
      { about: 'two', records: 1, faults: [expect.stringContaining('record 2')], notes: expect.any(Array) },
    ],
  });
});

test.each(['lint x', 'explain x', 'diff x', 'audit verify'])('%s has no names to print', async (command) => {
  const { exit, err } = await ran('', ...command.split(' '), '-o', 'name', '--kubeconfig=/nowhere');
  expect([exit, err]).toEqual([2, expect.stringContaining('unknown --output: it is json or yaml')]);
});
