import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RetryError, TerminalError, WaitError } from '../runtime/errors.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { Controller, type ControllerOptions, type ReconcileResult } from './controller.ts';
import { TransportError, apiError } from './errors.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { settle, until } from './testing/until.ts';
import { WorkQueue } from './workqueue.ts';

let clock: ManualClock;
let queue: WorkQueue;
let passes: string[];
let hooked: string[];
let lines: string[];
const controllers: Controller[] = [];

beforeEach(() => {
  clock = new ManualClock();
  queue = new WorkQueue({ clock, random: () => 1 });
  passes = [];
  hooked = [];
  lines = [];
});

afterEach(async () => {
  for (const controller of controllers.splice(0)) {
    const stopped = controller.stop();
    clock.advance(30_000);
    await stopped;
  }
});

/** A log whose lines are kept as `level message {fields}`. */
function keep(fields: Record<string, unknown> = {}): Log {
  const line =
    (level: string) =>
    (more: Record<string, unknown>, message: string): void =>
      void lines.push(`${level} ${message} ${JSON.stringify({ ...fields, ...more })}`);
  const [debug, info, warn, error] = [line('debug'), line('info'), line('warn'), line('error')];
  return { debug, info, warn, error, record: info, child: (more) => keep({ ...fields, ...more }) };
}

async function run(
  reconcile: (key: string, signal: AbortSignal, log: Log) => Promise<ReconcileResult | void>,
  options: Partial<ControllerOptions> = {},
): Promise<Controller> {
  const controller = new Controller({
    name: 'things',
    workers: 2,
    queue,
    clock,
    log: silentLog,
    hooks: {
      reconciled: (outcome) => hooked.push(outcome),
      failed: () => hooked.push('failed'),
      terminal: () => hooked.push('terminal'),
      panicked: () => hooked.push('panicked'),
      timedOut: () => hooked.push('timedOut'),
    },
    ...options,
    reconcile: (key, signal, log) => {
      passes.push(key);
      return reconcile(key, signal, log);
    },
  });
  controllers.push(controller);
  await controller.start();
  return controller;
}

const passed = (times: number): Promise<void> => until(() => passes.length === times, `${times} passes`);
const idle = (): Promise<void> => until(() => queue.processing === 0 && queue.depth === 0, 'an idle queue');

test('a pass that succeeds is not repeated, and forgets the failures before it', async () => {
  let fails = 2;
  await run(async () => {
    if (fails-- > 0) throw new RetryError('Not yet');
  });
  queue.add('n/a');
  await clock.pass(250);
  await clock.pass(500);
  await passed(3);
  await idle();
  expect(queue.failures('n/a')).toBe(0);
  expect(clock.timers).toBe(0);
  expect(hooked).toEqual(['failed', 'error', 'failed', 'error', 'success']);
});

test('a pass may ask to be repeated later', async () => {
  await run(async () => (passes.length === 1 ? { requeueAfterMs: 5_000 } : undefined));
  queue.add('n/a');
  await clock.pass(5_000);
  await passed(2);
  await idle();
  expect(hooked).toEqual(['requeue_after', 'success']);
});

test('waiting is no failure, and lasts until the wall clock says so', async () => {
  await run(async () => {
    if (passes.length === 1) throw new WaitError(clock.now() + 3_000);
  });
  queue.add('n/a');
  await clock.pass(3_000);
  await passed(2);
  expect(hooked).toEqual(['requeue_after', 'success']);
});

test.each([0, -5, Number.NaN])('a repetition in %d ms hurries without spinning', async (requeueAfterMs) => {
  await run(async () => (passes.length <= 3 ? { requeueAfterMs } : undefined));
  queue.add('n/a');
  for (const delay of [20, 40, 80]) {
    await until(() => clock.next === delay, `a pause of ${delay} ms`);
    clock.advance(delay);
  }
  await passed(4);
  await idle();
  expect(hooked).toEqual(['requeue', 'requeue', 'requeue', 'success']);
});

test('a conflict is repeated at once and in silence', async () => {
  await run(
    async () => {
      if (passes.length === 1)
        throw apiError(409, { kind: 'Status', reason: 'Conflict', message: 'changed' });
    },
    { log: keep() },
  );
  queue.add('n/a');
  await clock.pass(20);
  await passed(2);
  expect(hooked).toEqual(['requeue', 'success']);
  expect(lines).toEqual([]);
});

test('a terminal error is counted, told once and not repeated', async () => {
  await run(
    async () => {
      throw new TerminalError('InvalidSpec', 'The spec names no target');
    },
    { log: keep(), uuid: () => 'id-1' },
  );
  queue.add('n/a');
  await until(() => hooked.length === 3, 'the outcome');
  expect(hooked).toEqual(['failed', 'terminal', 'error']);
  expect(queue.has('n/a')).toBe(false);
  expect(lines).toEqual([
    'warn Reconciling failed for good {"controller":"things","namespace":"n","name":"a","reconcileID":"id-1","reason":"InvalidSpec","message":"The spec names no target"}',
  ]);
});

test.each([
  ['an API error', apiError(500, undefined), 250],
  ['no answer', new TransportError('Timeout', 'late'), 250],
  ['throttling', apiError(429, undefined, '9'), 9_000],
  ['a gate that asks for time', new RetryError('Busy', { retryAfterMs: 4_000 }), 4_000],
])('%s is retried with backoff, or when it says', async (_, error, delay) => {
  await run(async () => {
    if (passes.length === 1) throw error;
  });
  queue.add('n/a');
  await until(() => clock.next === delay, `a pause of ${delay} ms`);
  clock.advance(delay);
  await passed(2);
  expect(hooked).toEqual(['failed', 'error', 'success']);
});

test.each([
  ['a TypeError', new TypeError('x is undefined')],
  ['a string', 'thrown'],
])('%s is a defect: counted, logged as one, and retried', async (_, error) => {
  await run(
    async () => {
      if (passes.length === 1) throw error;
    },
    { log: keep() },
  );
  queue.add('n/a');
  await clock.pass(250);
  await passed(2);
  expect(hooked).toEqual(['failed', 'panicked', 'error', 'success']);
  expect(lines[0]).toContain('error Reconciling failed on a defect');
});

test('each key may have a cap of its own', async () => {
  await run(
    async () => {
      throw new RetryError('Never');
    },
    { backoffCapMs: (key) => (key === 'n/active' ? 1_000 : 300_000) },
  );
  queue.add('n/active');
  for (const delay of [250, 500, 1_000, 1_000, 1_000]) {
    await until(() => clock.next === delay, `a pause of ${delay} ms`);
    clock.advance(delay);
  }
  await passed(6);
  expect(queue.failures('n/active')).toBe(6);
});

test('a retry stays in the lane of its pass', async () => {
  await run(
    async () => {
      if (passes.length === 1) throw new RetryError('Not yet');
    },
    { workers: 0 },
  );
  queue.add('n/a', 'urgent');
  await clock.pass(250);
  await passed(2);
  expect(passes).toEqual(['n/a', 'n/a']);
});

test('a revert finds a worker even when all others hang', async () => {
  const held = Promise.withResolvers<void>();
  await run((key) => (key === 'n/revert' ? Promise.resolve() : held.promise));
  for (const key of ['n/a', 'n/b', 'n/c']) queue.add(key);
  await passed(2);
  queue.add('n/revert', 'urgent');
  await passed(3);
  expect(passes).toContain('n/revert');
  held.resolve();
  await passed(4);
});

test('a pass that takes too long is told so, counted, and repeated only after it ended', async () => {
  const held = Promise.withResolvers<void>();
  let signalled = false;
  await run(
    async (_, signal) => {
      if (passes.length > 1) return;
      signal.addEventListener('abort', () => (signalled = true));
      await held.promise;
      throw new RetryError('Given up');
    },
    { timeoutMs: 1_000 },
  );
  queue.add('n/a');
  await passed(1);
  clock.advance(1_000);
  expect(signalled).toBe(true);
  queue.add('n/a');
  await settle();
  expect(passes).toHaveLength(1);
  held.resolve();
  await passed(2);
  expect(hooked.slice(0, 3)).toEqual(['timedOut', 'failed', 'error']);
});

test('stop lets passes end, and takes no new ones', async () => {
  const held = Promise.withResolvers<void>();
  const controller = await run(() => held.promise);
  queue.add('n/a');
  await passed(1);
  const stopped = controller.stop();
  queue.add('n/b');
  held.resolve();
  await stopped;
  expect(passes).toEqual(['n/a']);
  expect(hooked).toEqual(['success']);
  expect(clock.timers).toBe(0);
});

test('stop gives a pass that does not end the signal, and says nothing of the error', async () => {
  const controller = await run(
    (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('torn down')))),
    { log: keep() },
  );
  queue.add('n/a');
  await passed(1);
  const stopped = controller.stop();
  clock.advance(30_000);
  await stopped;
  expect(lines).toEqual([]);
  expect(hooked).toEqual(['requeue']);
});

test('the number of busy workers is told as it changes', async () => {
  const held = Promise.withResolvers<void>();
  const active: number[] = [];
  await run(() => held.promise, { hooks: { activeWorkers: (count) => active.push(count) } });
  queue.add('n/a');
  queue.add('n/b');
  await passed(2);
  held.resolve();
  await idle();
  expect(active).toEqual([1, 2, 1, 0]);
});

test('passes that wait for nothing leave everybody else a turn every 10 ms', async () => {
  const passesAt: number[] = [];
  let turn = 0;
  let ticking: NodeJS.Immediate;
  const tick = (): void => {
    turn += 1;
    ticking = setImmediate(tick);
  };
  ticking = setImmediate(tick);
  for (let n = 0; n < 50; n++) queue.add(`k${n}`);
  await run(async () => {
    clock.advance(4);
    passesAt.push(turn);
  });
  await until(() => passesAt.length === 50, 'every pass');
  clearImmediate(ticking);
  const together = passesAt.map((at) => passesAt.filter((other) => other === at).length);
  // Three make 12 ms, and each of the workers may be about to begin another.
  expect(Math.max(...together)).toBeLessThanOrEqual(8);
});
