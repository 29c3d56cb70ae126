import { expect, test } from '@jest/globals';
import { append } from '../../audit/chain.ts';
import { runCli } from '../program.ts';
import { keptIo } from '../testing/io.ts';

const links = append('two-uid', undefined, '2026-01-01T00:00:00Z', [{ kind: 'State' }, { kind: 'State' }]);
const log = links.map((link) => `${JSON.stringify({ audit: { uid: 'two-uid', ...link } })}\n`);

test.each<[string, string[], string[], number, string]>([
  ['a log', log, [], 0, 'two-uid: 2 records, the chain holds\n1 promotions, 0 environments, 0 broken\n'],
  ['one that begins later', log.slice(1), [], 0, 'the chain holds; it begins at record 2'],
  ['one that is to be whole', log.slice(1), ['--whole'], 1, 'two-uid: BROKEN\n  it begins at record 2'],
])('of %s without a cluster it says what it can, and what not', async (_, lines, flags, exit, says) => {
  const io = keptIo(lines.join(''));
  const ended = await runCli(['audit', 'verify', '--log', '-', '--kubeconfig', '/nowhere', ...flags], io);
  expect(ended).toBe(exit);
  expect(io.printed).toContain(says);
  expect(io.complained).toContain('warning: not compared with the cluster');
  expect(io.complained).toContain('/nowhere cannot be read');
});

test('without a log there is nothing to look at but the cluster', async () => {
  const io = keptIo();
  expect(await runCli(['audit', 'verify', '--kubeconfig', '/nowhere'], io)).toBe(2);
});
