import { describe, expect, test } from '@jest/globals';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { FreezeOrder } from '../environment/calendar.ts';
import { toTime } from '../runtime/time.ts';
import type { Bypass } from './bypass.ts';
import { play } from './testing/play.ts';
import { World, type WorldOptions } from './testing/world.ts';

/* Windows and freezes: what they stop, what goes on under them, and how it goes on after them. */

const QUICK = { settleSeconds: 2, minStepSeconds: 3, maxBlindSeconds: 30 };
const MONTH = 31 * 24 * 3600;
const START = Date.parse('2026-01-01T00:00:00Z');

/** Whole of January is denied, from the first instant of the world. */
const january = (onClose: string): object => ({
  windows: [{ name: 'january', kind: 'Deny', schedule: '0 0 1 1 *', durationSeconds: MONTH, onClose }],
});

function until(world: World, state: string): World {
  for (let i = 0; i < 300 && world.promotion.status?.targets?.[0]?.state !== state; i += 1)
    play(world, 'Pass', 1);
  expect(world.promotion.status?.targets?.[0]?.state).toBe(state);
  return world;
}

const message = (world: World): string | undefined => findCondition(world.promotion, 'Succeeded')?.message;
const stalled = (world: World): boolean => findCondition(world.promotion, 'Stalled') !== undefined;

/** The Environment is edited: these windows from now on. */
function edit(world: World, environment: object): void {
  const { spec } = new World({ environment }).environment;
  world.environment = { ...world.environment, spec };
}

function freeze(world: World, verdict: FreezeOrder['verdict'], seconds = 3600): void {
  const name = `f${world.freezes.length}`;
  const order = { name, uid: name, by: 'bob', verdict, at: world.now, reason: 'an incident' };
  world.freezes = [...world.freezes, { ...order, until: world.now + seconds * 1000 }];
}

const inJanuary = (options: WorldOptions): World => new World(options);

describe('before anything is changed', () => {
  test('it waits for the window, says when it opens, and begins by itself then', () => {
    const world = inJanuary({ environment: january('Finish') });
    play(world, 'Pass', 20);
    expect(world.reason).toBe('WindowClosed');
    expect(world.effects).toEqual([]);
    expect(world.promotion.status?.blockedBy).toEqual([
      {
        reason: 'Window',
        message:
          'Environment prod is closed (window january keeps it closed): it opens at 2026-02-01T00:00:00.000Z, and this goes on by itself then',
        until: '2026-02-01T00:00:00.000Z',
      },
    ]);
    expect(world.reconcile().wakeAt).toBe(Date.parse('2026-02-01T00:00:00Z'));
    world.now = Date.parse('2026-02-01T00:00:00Z');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('it waits under a freeze, and says who froze it, until when, and what to do', () => {
    const world = new World();
    freeze(world, 'Freeze');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Frozen');
    expect(world.promotion.status?.blockedBy?.[0]).toEqual({
      reason: 'Freeze',
      message:
        'Environment prod is frozen by bob until 2026-01-01T01:00:00.000Z (an incident): create a Decision with verdict Thaw to end it',
      until: '2026-01-01T01:00:00.000Z',
    });
    freeze(world, 'Thaw');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a freeze that the Environment declares ends when it says', () => {
    const until = toTime(START + 60_000);
    const world = new World({ environment: { freeze: { reason: 'year end', until } } });
    play(world, 'Pass', 10);
    expect(world.reason).toBe('Frozen');
    expect(findCondition(world.environment, 'Frozen')).toMatchObject({ status: 'True', reason: 'Declared' });
    play(world, 'Pass', 400);
    expect(world.reason).toBe('Succeeded');
    expect(findCondition(world.environment, 'Frozen')).toBeUndefined();
  });

  test('a window that cannot be read closes the place, and both objects say what to write', () => {
    const window = { name: 'x', kind: 'Allow', schedule: '61 * * * *', durationSeconds: 60 };
    const world = new World({ environment: { windows: [window] } });
    play(world, 'Pass', 10);
    expect(world.reason).toBe('WindowClosed');
    expect(findCondition(world.promotion, 'Succeeded')?.message).toContain('write five cron fields');
    expect(findCondition(world.environment, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'InvalidWindow',
      message: expect.stringContaining('write five cron fields'),
    });
  });

  test('a deadline to begin ends the wait', () => {
    const world = new World({ environment: january('Finish') });
    world.promotion.spec.startDeadlineSeconds = 30;
    play(world, 'Pass', 100);
    expect(world.reason).toBe('Expired');
  });
});

describe('in flight, when a window closes', () => {
  test.each(['Analysing', 'Baking'])('Finish: it goes on (%s)', (state) => {
    const world = until(new World(), state);
    edit(world, january('Finish'));
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('Pause: the weight stays and nothing pages, and it goes on when the window opens', () => {
    const world = until(new World(), 'Analysing');
    edit(world, january('Pause'));
    const effects = world.effects.length;
    play(world, 'Pass', 300);
    expect(world.reason).toBe('WindowClosed');
    expect(stalled(world)).toBe(false);
    expect(world.effects).toHaveLength(effects);
    edit(world, {});
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('Pause: a gate that fails goes back all the same', () => {
    const world = until(new World(), 'Analysing');
    edit(world, january('Pause'));
    play(world, 'Pass', 20);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert?.quarantine).toBe(true);
  });

  test.each(['Analysing', 'Baking'])('Revert: it goes back, and nothing is refused for it (%s)', (state) => {
    const world = until(new World(), state);
    edit(world, january('Revert'));
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert).toMatchObject({ reason: 'window', quarantine: false });
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
  });

  test('of several windows the strictest counts', () => {
    const world = until(new World(), 'Analysing');
    const [deny] = (january('Pause') as { windows: object[] }).windows;
    edit(world, { windows: [{ ...deny, name: 'other', onClose: 'Finish' }, deny] });
    play(world, 'Pass', 50);
    expect(world.reason).toBe('WindowClosed');
  });
});

test('in flight, a window that closes under another one counts as soon as it does', () => {
  // From 00:00 to 00:02 it is allowed, and denied from 00:01 to 00:03: at 00:02 both keep it closed.
  const windows = [
    { name: 'office', kind: 'Allow', schedule: '0 0 * * *', durationSeconds: 120, onClose: 'Pause' },
    { name: 'backup', kind: 'Deny', schedule: '1 0 * * *', durationSeconds: 120, onClose: 'Finish' },
  ];
  const world = new World({ environment: { windows, analysis: { ...QUICK, bakeSeconds: 600 } } });
  const playTo = (seconds: number): void => {
    while (world.now < START + seconds * 1000) play(world, 'Pass', 1);
  };
  playTo(110);
  expect(world.reason).toBe('Baking');
  playTo(130);
  expect(world.reason).toBe('WindowClosed');
  expect(message(world)).toContain('window backup keeps it closed, outside window office');
});

describe('in flight, under a freeze', () => {
  test('the weight stays, no deadline runs, and after it deadlines begin anew', () => {
    const world = until(new World({ gate: { deadlineSeconds: 60, onDeadline: 'Revert' } }), 'Analysing');
    freeze(world, 'Freeze', 600);
    play(world, 'Inconclusive', 600);
    expect(world.reason).toBe('Frozen');
    expect(stalled(world)).toBe(false);
    freeze(world, 'Thaw');
    play(world, 'Inconclusive', 60);
    expect(world.reason).toBe('Analysing');
    expect(world.promotion.status?.unpausedAt).toBeDefined();
    play(world, 'Inconclusive', 100);
    expect(world.reason).toBe('RolledBack');
  });

  test('an Abort goes back', () => {
    const world = until(new World(), 'Analysing');
    freeze(world, 'Freeze');
    play(world, 'Pass', 5);
    const at = Math.floor(world.now / 1000) * 1000;
    world.orders = [{ name: 'd', uid: 'd', by: 'eve', verdict: 'Abort', at, reason: undefined }];
    play(world, 'Pass');
    expect(world.reason).toBe('Aborted');
  });
});

const bypass = (world: World, what: Partial<Bypass>): void => {
  const at = Math.floor(world.now / 1000) * 1000;
  const one = {
    name: 'b',
    uid: 'b',
    by: 'bob',
    verdict: 'Bypass',
    ticket: 'INC-7',
    reason: 'the shop is down',
    at,
  } as const;
  world.bypasses = [...world.bypasses, { ...one, gate: undefined, constraint: undefined, ...what }];
};

describe('what is passed over, on the record', () => {
  const emergency = { ticket: 'INC-7', justification: 'the shop is down' };

  test('a Bypass of the freeze lets it begin, says so in a condition, and stands in its decisions', () => {
    const world = new World({ environment: { freeze: { reason: 'year end' } } });
    play(world, 'Pass', 5);
    expect(world.reason).toBe('Frozen');
    bypass(world, { constraint: 'Freeze' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(findCondition(world.promotion, 'Bypassed')).toMatchObject({
      status: 'True',
      message: 'passed over on the record: Freeze by bob (INC-7)',
    });
    expect(world.promotion.status?.decisions).toMatchObject([{ verdict: 'Bypass', by: 'bob' }]);
  });

  test('a Bypass of one constraint is none of another', () => {
    const world = new World({ environment: { ...january('Finish'), freeze: { reason: 'year end' } } });
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Freeze' });
    play(world, 'Pass', 10);
    expect(world.reason).toBe('WindowClosed');
  });

  test('a Bypass passes the freeze that stood when it was made, and not the next one', () => {
    const world = new World();
    freeze(world, 'Freeze');
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Freeze' });
    until(world, 'Analysing');
    expect(world.promotion.status?.bypassed).toHaveLength(1);
    freeze(world, 'Freeze');
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Frozen');
    expect(message(world)).toContain('the Bypass by bob was made before this freeze: create another');
    bypass(world, { name: 'c', uid: 'c', by: 'carol', constraint: 'Freeze' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.bypassed).toMatchObject([
      { what: 'Freeze', by: 'bob' },
      { what: 'Freeze', by: 'carol' },
    ]);
  });

  test('nor one that the Environment declares since then, or declares anew', () => {
    const world = new World({ environment: { freeze: { reason: 'year end' } } });
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Freeze' });
    until(world, 'Analysing');
    edit(world, {});
    play(world, 'Pass', 1);
    edit(world, { freeze: { reason: 'an incident' } });
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Frozen');
    bypass(world, { name: 'c', uid: 'c', constraint: 'Freeze' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a freeze by a person and a declared one are both to stand before it', () => {
    const world = new World({ environment: { freeze: { reason: 'year end' } } });
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Freeze' });
    freeze(world, 'Freeze');
    play(world, 'Pass', 5);
    expect(world.reason).toBe('Frozen');
  });

  test('a Bypass of the window passes the closed period that it was made in, and not the next one', () => {
    // Closed every other minute.
    const window = {
      name: 'odd',
      kind: 'Deny',
      schedule: '*/2 * * * *',
      durationSeconds: 60,
      onClose: 'Pause',
    };
    const world = new World({ environment: { windows: [window], analysis: { ...QUICK, bakeSeconds: 110 } } });
    play(world, 'Pass', 5);
    expect(world.reason).toBe('WindowClosed');
    bypass(world, { constraint: 'Window' });
    until(world, 'Baking');
    expect(world.now).toBeLessThan(START + 60_000);
    play(world, 'Pass', 300 - (world.now - START) / 500);
    expect(world.reason).toBe('WindowClosed');
    expect(message(world)).toContain('the Bypass by bob was made before it closed: create another');
    bypass(world, { name: 'c', uid: 'c', constraint: 'Window' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.bypassed).toHaveLength(2);
  });

  test('nor windows that are edited after it, also where by them it would have been closed all along', () => {
    const lunch = { name: 'lunch', kind: 'Deny', schedule: '0 0 1 1 *', durationSeconds: 7200 };
    const world = new World({ environment: { windows: [lunch], analysis: { ...QUICK, bakeSeconds: 110 } } });
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Window' });
    until(world, 'Baking');
    // The same ones, parsed anew, are no others.
    edit(world, { windows: [{ ...lunch }], analysis: { ...QUICK, bakeSeconds: 110 } });
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Baking');
    const incident = { ...(january('Revert') as { windows: object[] }).windows[0], name: 'incident' };
    edit(world, { windows: [incident, lunch], analysis: { ...QUICK, bakeSeconds: 110 } });
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert?.reason).toBe('window');
  });

  test('the message says that the windows were edited, and another Bypass passes them', () => {
    const world = new World({ environment: january('Finish') });
    play(world, 'Pass', 5);
    bypass(world, { constraint: 'Window' });
    const [window] = (january('Finish') as { windows: object[] }).windows;
    edit(world, { windows: [{ ...window, durationSeconds: MONTH - 60 }] });
    play(world, 'Pass', 10);
    expect(world.reason).toBe('WindowClosed');
    expect(message(world)).toContain(
      'the Bypass by bob was made before the windows were edited: create another',
    );
    bypass(world, { name: 'c', uid: 'c', constraint: 'Window' });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test.each(['cab', 'rollout'])(
    'a Bypass of gate %s, which it does not have, is not on its record',
    (gate) => {
      const world = until(new World(), 'Analysing');
      bypass(world, { gate });
      play(world, 'Pass');
      expect(world.reason).toBe('Succeeded');
      expect(world.promotion.status?.bypassed).toBeUndefined();
      expect(world.promotion.status?.decisions).toBeUndefined();
    },
  );

  test('a gate that is bypassed is measured and shown, and decides nothing', () => {
    const world = until(new World(), 'Analysing');
    bypass(world, { gate: 'error-rate' });
    play(world, 'Fail');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.gates?.[0]?.message).toContain('bypassed by bob (INC-7)');
    expect(world.promotion.status?.bypassed).toMatchObject([{ what: 'gate/error-rate', by: 'bob' }]);
  });

  test('an emergency that a person asks for skips what the Environment lets it, and no more', () => {
    const world = new World({
      environment: {
        ...january('Finish'),
        freeze: { reason: 'year end' },
        emergency: { maySkip: ['Windows'] },
      },
    });
    Object.assign(world.promotion.spec, { changeType: 'Emergency', emergency });
    world.requester = 'alice';
    play(world, 'Pass', 10);
    expect(world.reason).toBe('Frozen');
    edit(world, { ...january('Finish'), emergency: { maySkip: ['Windows'] } });
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.bypassed).toMatchObject([
      { what: 'Window', by: 'alice', ticket: 'INC-7' },
    ]);
  });

  test('an emergency that nobody is known to have asked for waits, and says for what', () => {
    const world = new World({ environment: { ...january('Finish'), emergency: { maySkip: ['Windows'] } } });
    Object.assign(world.promotion.spec, { changeType: 'Emergency', emergency });
    play(world, 'Pass', 10);
    expect(world.reason).toBe('WindowClosed');
    expect(findCondition(world.promotion, 'Succeeded')?.message).toContain(
      'waits for a Decision with verdict Bypass',
    );
  });
});
