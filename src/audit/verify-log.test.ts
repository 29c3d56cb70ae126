import { describe, expect, test } from '@jest/globals';
import { append, type Link } from './chain.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import { type LogOptions, verifyLog } from './verify-log.ts';

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
const lineIn =
  (namespace: string, controller: string) =>
  (link: Link): string =>
    JSON.stringify({ controller, namespace, name: 'web', audit: { uid: `${namespace}-uid`, ...link } });

async function found(lines: readonly string[], options?: LogOptions) {
  async function* each(): AsyncGenerator<string> {
    yield* lines;
  }
  return verifyLog(each(), options);
}
const faults = async (lines: readonly string[], options?: LogOptions): Promise<string[]> =>
  (await found(lines, options)).flatMap((f) => f.faults);

describe('the trails in a log', () => {
  const links = chain(6);
  const lines = links.map((link) => lineOf(link));

  test('hold, among other lines, with two promotions side by side, and a record that was logged twice', async () => {
    const other = chain(2, 'other').map((link) => lineOf(link, 'other'));
    const mixed = ['{"level":"info","msg":"audit"}', 'not JSON with "audit" in it', ...lines.slice(0, 3)];
    const all = [...mixed, ...other, lines[2] ?? '', ...lines.slice(3)];
    expect(await faults(all)).toEqual([]);
  });

  test('hold where an operator that took over has logged the last ones of each once more', async () => {
    const other = chain(2, 'other').map((link) => lineOf(link, 'other'));
    const again = [...lines.slice(2, 4), ...other];
    expect(await faults([...lines.slice(0, 4), ...other, ...again, ...lines.slice(4)])).toEqual([]);
  });

  test('hold where the beginning of the log is gone, which is told, and is a fault of a whole log', async () => {
    const note = 'it begins at record 3: what was before is not in this log';
    const [finding] = await found(lines.slice(2));
    expect(finding).toMatchObject({ faults: [], notes: [note] });
    expect(await faults(lines.slice(2), { whole: true })).toEqual([note]);
    expect(await faults(lines, { whole: true })).toEqual([]);
  });

  test.each<[string, (all: string[]) => string[]]>([
    ['left out', (all) => all.filter((_, i) => i !== 3)],
    ['changed', (all) => all.map((line, i) => (i === 3 ? line.replace('R3', 'R9') : line))],
    ['moved', (all) => [...all.slice(0, 2), ...all.slice(3, 4), ...all.slice(2, 3), ...all.slice(4)]],
  ])('do not hold where a record was %s', async (_, bend) => {
    expect(await faults(bend(lines))).not.toEqual([]);
  });
});

const meta = (name: string, uid: string) => ({
  name,
  namespace: 'shop',
  uid,
  resourceVersion: '1',
  creationTimestamp: AT,
});
const promotion = (records: Link[], cut?: { seq: number; hash: string }): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: meta('two', UID),
  spec: { environment: 'prod', revision: { images: [] } },
  status: { audit: { records, ...(cut && { cut }) } },
});
const place = (audit?: string, startedAt = AT): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: meta('prod', 'prod-uid'),
  spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] }),
  status: {
    history: [
      { promotion: 'two', target: 'checkout', outcome: 'Succeeded', startedAt, completedAt: AT, audit },
    ],
  },
});
const knowing = (promotions: Promotion[], environments: Environment[] = []): LogOptions => ({
  known: async () => ({ promotions, environments }),
});

describe('a log beside the cluster', () => {
  const links = chain(6);
  const lines = links.map((link) => lineOf(link));
  const head = links.at(-1)?.hash;

  test('what only the cluster has is taken from there: the beginning, a line that was lost, and the end', async () => {
    const some = [lines[1], lines[3], lines[4]].flatMap((line) => line ?? []);
    const [finding] = await found(some, knowing([promotion(links)]));
    expect(finding).toEqual({
      about: 'shop/two',
      records: 6,
      faults: [],
      notes: ['3 of them are in the cluster, and not in this log'],
    });
  });

  test('a trail in the cluster that lacks what the log has is broken, and so is one that was made anew', async () => {
    expect(await faults(lines, knowing([promotion(links.slice(0, 4))]))).not.toEqual([]);
    const forged = append(
      UID,
      undefined,
      AT,
      Array.from({ length: 6 }, () => ({ kind: 'State' })),
    );
    expect(await faults(lines, knowing([promotion(forged)]))).not.toEqual([]);
    expect(await faults(lines.slice(0, 3), knowing([promotion(forged)]))).not.toEqual([]);
  });

  test('of a promotion that was deleted the log ends as the history has it', async () => {
    expect(await found(lines, knowing([], [place(head)]))).toMatchObject([{ faults: [], notes: [] }]);
    expect(await faults(lines.slice(0, -1), knowing([], [place(head)]))).toEqual([
      'it was deleted, its Environment has its end on record, and that end is not in this log',
    ]);
    const further = [
      ...lines,
      lineOf(append(UID, links.at(-1), AT, [{ kind: 'State' }])[0] ?? { record: '', hash: '' }),
    ];
    expect(await faults(further, knowing([], [place(head)]))).not.toEqual([]);
  });

  test('one that ended before the log began is not missed, and one with no end on record is told of', async () => {
    const earlier = place('h'.repeat(64), '2025-01-01T00:00:00Z');
    expect(await found(lines, knowing([], [earlier]))).toMatchObject([
      {
        about: UID,
        faults: [],
        notes: [expect.stringContaining('nothing that was asked says where it ends')],
      },
    ]);
  });

  test('where one namespace is asked about, a trail that was begun anew in another one is none of its own', async () => {
    const again = append('bank-uid', undefined, AT, [{ kind: 'State', reason: 'Other' }]);
    const anew = [...chain(3, 'bank-uid'), ...again].map(lineIn('bank', 'environments'));
    const all = [...lines, ...anew, ...chain(2, 'shop-uid').map(lineIn('shop', 'promotions'))];
    const abouts = async (options: LogOptions): Promise<[string, boolean][]> =>
      (await found(all, options)).map((f) => [f.about, f.faults.length > 0]);
    const known = knowing([promotion(links)]);
    const shop = await abouts({ ...known, namespace: 'shop' });
    expect(shop).toEqual([
      ['shop/two', false],
      ['shop/web', false],
    ]);
    expect(new Set(await abouts(known))).toEqual(new Set([...shop, ['environment bank/web', true]]));
    expect(await abouts({ ...known, namespace: 'bank' })).toContainEqual(['environment bank/web', true]);
  });

  test('without a cluster the trails of Environments in the log tell where a promotion ends', async () => {
    const ended = append('prod-uid', undefined, AT, [
      { kind: 'Ended', promotion: 'two', uid: UID, audit: head },
    ]);
    const told = ended.map((link) => lineOf(link, 'prod-uid'));
    expect(await faults([...lines, ...told])).toEqual([]);
    expect(await faults([...lines.slice(0, -1), ...told])).not.toEqual([]);
  });
});
