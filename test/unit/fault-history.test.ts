import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { resultOf } from '../faults/case.ts';
import { History } from '../faults/history.ts';
import { asked } from '../faults/laws.ts';
import { type Api, ApiError } from '../harness/api.ts';

/* What a fault case is told to have shown, it has shown. */

/** An API server that has one object of each kind and no version of before, and whose watches end like this. */
function serverOf(items: object[], open: () => Promise<unknown>): Api {
  const list = async (path: string): Promise<object> =>
    path.includes('Exact') ? expired() : { items, metadata: { resourceVersion: '7' } };
  return { list, open } as unknown as Api;
}

const at = (version: number): object => ({
  metadata: { name: 'app', resourceVersion: String(version) },
  spec: { environment: 'app' },
});

const expired = async (): Promise<never> => {
  throw new ApiError(410, 'Expired', 'too old');
};

test('a history with a hole is none', async () => {
  const items: object[] = [];
  const history = await History.of(serverOf(items, expired), 'ours');
  items.push(at(7));
  await expect(history.complete('app')).rejects.toThrow(/the history has a hole: .* version 7 .* \(410\)/);
  expect(() => history.versions()).toThrow('hole');
  history.stop();
});

test('what a restarted server does not tell is read back, version by version', async () => {
  let newest = 7;
  const asOf = async (path: string): Promise<object> => {
    const exact = /resourceVersion=(\d+)&resourceVersionMatch=Exact/.exec(path)?.[1];
    const items = [7, 9, 12].filter((version) => version <= Number(exact ?? newest)).slice(-1);
    return { items: items.map(at), metadata: { resourceVersion: exact ?? String(newest) } };
  };
  let told = 0;
  const open = async (): Promise<unknown> => ((told += 1) <= 6 ? expired() : new Promise(() => {}));
  const history = await History.of({ list: asOf, open } as unknown as Api, 'ours');
  newest = 12;
  const versions = await history.complete('app');
  expect(versions.filter((v) => v.kind === 'Environment').map((v) => v.at)).toEqual([7, 9, 12]);
  history.stop();
});

test('a server that has forgotten its versions leaves no hole where nothing has happened', async () => {
  const items = [at(7)];
  const history = await History.of(serverOf(items, expired), 'ours');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await history.complete('app')).toHaveLength(6);
  history.stop();
});

test('a history is complete when all that there is has come by', async () => {
  const items: object[] = [];
  const streams: PassThrough[] = [];
  const open = async (): Promise<PassThrough> => {
    const stream = new PassThrough();
    streams.push(stream);
    return stream;
  };
  const history = await History.of(serverOf(items, open), 'ours');
  expect(await history.complete('app')).toEqual([]);
  const object = at(7);
  items.push(object);
  let told = 0;
  const complete = history.complete('app').then((versions) => [told, versions.length]);
  for (const stream of streams) {
    await new Promise((resolve) => setImmediate(resolve));
    told += 1;
    stream.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  }
  expect(await complete).toEqual([6, 6]);
  history.stop();
  for (const stream of streams) stream.destroy();
});

const SPEC = { id: 'X', family: 'F', injected: 'something' };

test('a case has the laws that were asked in it, and no other', async () => {
  const held = await resultOf(SPEC, async () => {
    asked('L1');
    await Promise.resolve();
    asked('S1', 'L1');
    return 2;
  });
  expect(held).toMatchObject({ laws: ['S1', 'L1'], times: 2, held: true });
  const none = await resultOf(SPEC, async () => ({ times: 1, injected: 'something else' }));
  expect(none).toMatchObject({ laws: [], injected: 'something else' });
});

test('a case in which nothing was injected shows nothing', async () => {
  await expect(resultOf(SPEC, async () => 0)).rejects.toThrow('never injected');
  await expect(resultOf(SPEC, async () => Number.NaN)).rejects.toThrow('never injected');
});
