import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Audit, Promotion } from '../api/v1alpha1/types.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { type Bounds, extended } from './kept.ts';
import { isAllLogged, Logbook } from './logbook.ts';
import { verifyLog } from './verify-log.ts';

/* A log that lost the lines of a write to a crash, and what the next process makes good. */

const KEY = 'shop/two';
const uid = 'two-uid';
const BOUNDS: Bounds = { records: 12, bytes: 64 * 1024 };

let lines: string[];
const log: Log = {
  ...silentLog,
  record: (fields) => void lines.push(JSON.stringify(fields)),
};
beforeEach(() => {
  lines = [];
});

/** An object, of which each write puts two records on its trail. */
class Written {
  audit: Audit | undefined;
  #writes = 0;

  /** One write of the status by this process; `dies` before it has logged it. */
  write(book: Logbook, dies = false): void {
    book.catchUp(KEY, this.object, log);
    this.#writes += 1;
    const at = new Date(1000 * this.#writes).toISOString();
    const records = ['State', 'Effect'].map((kind) => ({ kind, write: this.#writes }));
    const trail = extended(uid, this.audit, records, at, BOUNDS);
    this.audit = trail?.audit;
    if (!dies) book.tell(KEY, uid, trail?.fresh ?? [], log);
  }

  get object() {
    return { metadata: { uid }, status: { audit: this.audit } };
  }
}

async function* each(): AsyncGenerator<string> {
  yield* lines;
}

/** What is wrong with the log by itself, all of it. */
async function faults(): Promise<string[]> {
  return (await verifyLog(each(), { whole: true })).flatMap((f) => f.faults);
}

const seqs = (): unknown[] =>
  lines.map((line) => JSON.parse((JSON.parse(line) as { audit: { record: string } }).audit.record).seq);

describe('a record that was stored and not logged', () => {
  test('is logged by the next process that sees it, before that does anything', async () => {
    const object = new Written();
    const first = new Logbook();
    for (let i = 0; i < 3; i += 1) object.write(first);
    object.write(first, true);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    new Logbook().catchUp(KEY, object.object, log);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await faults()).toEqual([]);
  });

  test('is there after any number of crashes and cuts', async () => {
    const object = new Written();
    for (let i = 0; i < 40; i += 1) {
      const book = new Logbook();
      object.write(book);
      object.write(book, i % 2 === 0);
    }
    new Logbook().catchUp(KEY, object.object, log);
    expect(object.audit?.cut).toBeDefined();
    expect(await faults()).toEqual([]);
  });

  test('is logged by its own process, where the answer to the write was lost, and by one that leads again', async () => {
    const object = new Written();
    const book = new Logbook();
    object.write(book);
    object.write(book, true);
    object.write(book);
    const other = new Logbook();
    object.write(other);
    object.write(other);
    object.write(book);
    expect(await faults()).toEqual([]);
  });
});

test('nothing is logged again that is known to be, and of what is not the last write alone', () => {
  const object = new Written();
  const book = new Logbook();
  for (let i = 0; i < 3; i += 1) object.write(book);
  book.catchUp(KEY, object.object, log);
  expect(lines).toHaveLength(6);
  new Logbook().catchUp(KEY, object.object, log, true);
  expect(lines).toHaveLength(6);
  new Logbook().catchUp(KEY, object.object, log);
  expect(seqs().slice(6)).toEqual([5, 6]);
});

test('an object of the same name is another one', () => {
  const book = new Logbook();
  new Written().write(book);
  const other = new Written();
  other.write(new Logbook(), true);
  book.catchUp(KEY, { ...other.object, metadata: { uid: 'three-uid' } }, log);
  expect(lines).toHaveLength(4);
  expect(lines.at(-1)).toContain('three-uid');
});

const ended = (change: object = {}, finalizers: string[] = []): Promotion =>
  ({
    metadata: { finalizers },
    spec: {},
    status: { plan: {}, completedAt: '2026-01-01T00:00:00Z', ...change },
  }) as unknown as Promotion;

describe('all of a trail is logged', () => {
  test.each([
    ['where it has ended and nothing keeps it any more', ended(), true],
    ['not while its finalizer is there', ended({}, ['sluice.dev/revert']), false],
    ['not while it is in flight', ended({ completedAt: undefined }), false],
    ['not where it never had one', ended({ plan: undefined }), false],
  ])('%s', (_, promotion, is) => {
    expect(isAllLogged(promotion)).toBe(is);
  });
});
