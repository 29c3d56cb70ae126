import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { lines, parseEvent } from './watch-stream.ts';

async function* cut(text: string, at: number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const cuts = [...new Set(at.map((n) => n % (bytes.length + 1)))].toSorted((a, b) => a - b);
  for (const [index, start] of [0, ...cuts].entries())
    yield bytes.subarray(start, cuts[index] ?? bytes.length);
}

async function* endless(): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(2 ** 20).fill(97);
  for (;;) yield chunk;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines(chunks)) all.push(line);
  return all;
}

test('however the bytes are cut, within characters too, the lines come out whole', async () => {
  const line = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (expected, cuts) => {
      const text = expected.map((one) => `${one}\n`).join('');
      expect(await collect(cut(text, cuts))).toEqual(
        expected.map((one) => new TextDecoder().decode(new TextEncoder().encode(one))),
      );
    }),
  );
});

test('a line that the end of the stream cuts off is an error, not an event', async () => {
  const got: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const line of lines(cut('{"a":1}\n{"b":', []))) got.push(line);
  };
  await expect(reading()).rejects.toMatchObject({ name: 'TransportError', code: 'Protocol' });
  expect(got).toEqual(['{"a":1}']);
});

test('a line without end is given up instead of filling the memory', async () => {
  await expect(collect(endless())).rejects.toMatchObject({ code: 'Protocol' });
});

test('an event keeps its object exactly', () => {
  const object = { metadata: { name: 'a' }, spec: { default: 1, 'x-kubernetes-y': null } };
  expect(parseEvent(JSON.stringify({ type: 'ADDED', object }))).toEqual({ type: 'ADDED', object });
});

test('a bookmark is only a version', () => {
  const object = { kind: 'Pod', metadata: { resourceVersion: '12' } };
  expect(parseEvent(JSON.stringify({ type: 'BOOKMARK', object }))).toEqual({
    type: 'BOOKMARK',
    resourceVersion: '12',
  });
});

test('an ERROR event is thrown as the Status it carries', () => {
  const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
  expect(() => parseEvent(JSON.stringify({ type: 'ERROR', object }))).toThrow(
    expect.objectContaining({ name: 'ApiError', code: 410, reason: 'Expired', message: 'too old' }),
  );
  expect(() => parseEvent('{"type":"ERROR","object":{}}')).toThrow(expect.objectContaining({ code: 500 }));
});

test.each([
  '{',
  'null',
  '[]',
  '{"type":"ADDED"}',
  '{"type":"ADDED","object":3}',
  '{"type":"X","object":{}}',
  '{"type":"BOOKMARK","object":{}}',
])('%s is no watch event', (line) => {
  expect(() => parseEvent(line)).toThrow(expect.objectContaining({ code: 'Protocol' }));
});
