import { describe, expect, test } from '@jest/globals';
import { append, type Link } from './chain.ts';
import { verifyLog } from './verify.ts';

const AT = '2026-01-01T00:00:00.000Z';
const UID = 'two-uid';

const chain = (records: number, uid = UID): Link[] =>
  append(
    uid,
    undefined,
    AT,
    Array.from({ length: records }, (_, i) => ({ kind: 'State', reason: `R${i}`, message: 'm' })),
  );
const lineOf = (link: Link, uid = UID): string => JSON.stringify({ level: 'info', audit: { uid, ...link } });

async function faults(lines: readonly string[]): Promise<string[]> {
  async function* each(): AsyncGenerator<string> {
    yield* lines;
  }
  return (await verifyLog(each())).flatMap((f) => f.faults);
}

describe('the trails in a log', () => {
  const links = chain(6);
  const lines = links.map((link) => lineOf(link));

  test('hold, among other lines, with two promotions side by side, and a record that was logged twice', async () => {
    const other = chain(2, 'other').map((link) => lineOf(link, 'other'));
    const mixed = ['{"level":"info","msg":"audit"}', 'not JSON with "audit" in it', ...lines.slice(0, 3)];
    const all = [...mixed, ...other, lines[2] ?? '', ...lines.slice(3)];
    expect(await faults(all)).toEqual([]);
  });

  test('hold where the beginning of the log is gone', async () => {
    expect(await faults(lines.slice(2))).toEqual([]);
  });

  test.each<[string, (all: string[]) => string[]]>([
    ['left out', (all) => all.filter((_, i) => i !== 3)],
    ['changed', (all) => all.map((line, i) => (i === 3 ? line.replace('R3', 'R9') : line))],
    ['moved', (all) => [...all.slice(0, 2), ...all.slice(3, 4), ...all.slice(2, 3), ...all.slice(4)]],
  ])('do not hold where a record was %s', async (_, bend) => {
    expect(await faults(bend(lines))).not.toEqual([]);
  });
});
