import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Fields, onBy, scheduleOf, wallClock } from './testing/minutes.ts';
import type { WindowSpec } from './window.ts';
import { Windows } from './windows.ts';

const at = (time: string): number => Date.parse(time);
const said = (ms: number | undefined): string | undefined =>
  ms === undefined || ms === Number.POSITIVE_INFINITY ? undefined : new Date(ms).toISOString();
const office: WindowSpec = {
  name: 'office',
  kind: 'Allow',
  schedule: '0 9 * * 1-5',
  durationSeconds: 8 * 3600,
  timeZone: 'Europe/Zurich',
};
const lunch: WindowSpec = {
  ...office,
  name: 'lunch',
  kind: 'Deny',
  schedule: '0 12 * * *',
  durationSeconds: 3600,
};
const night: WindowSpec = { ...office, name: 'night', schedule: '0 22 * * *', durationSeconds: 4 * 3600 };
const backup: WindowSpec = {
  ...office,
  name: 'backup',
  kind: 'Deny',
  schedule: '30 16 * * *',
  durationSeconds: 5400,
};

describe('what the windows say at an instant', () => {
  test.each<[string, WindowSpec[], string, boolean, string, string | undefined]>([
    ['none at all', [], '2026-11-26T03:00:00Z', true, 'no window closes it', undefined],
    [
      'within one',
      [office],
      '2026-11-26T10:30:00Z',
      true,
      'window office is open',
      '2026-11-26T16:00:00.000Z',
    ],
    [
      'at its first instant',
      [office],
      '2026-11-26T08:00:00Z',
      true,
      'window office is open',
      '2026-11-26T16:00:00.000Z',
    ],
    [
      'at its last',
      [office],
      '2026-11-26T16:00:00Z',
      false,
      'outside window office',
      '2026-11-27T08:00:00.000Z',
    ],
    [
      'over a weekend',
      [office],
      '2026-11-28T10:00:00Z',
      false,
      'outside window office',
      '2026-11-30T08:00:00.000Z',
    ],
    [
      'outside of two',
      [office, night],
      '2026-11-26T18:00:00Z',
      false,
      'outside windows office, night',
      '2026-11-26T21:00:00.000Z',
    ],
    [
      'a Deny goes before an Allow',
      [office, lunch],
      '2026-11-26T11:30:00Z',
      false,
      'window lunch keeps it closed',
      '2026-11-26T12:00:00.000Z',
    ],
    [
      'within a Deny that is on when the Allow ends: up to when one opens it',
      [office, backup],
      '2026-11-26T15:45:00Z',
      false,
      'window backup keeps it closed',
      '2026-11-27T08:00:00.000Z',
    ],
    [
      'within it and outside of the Allow',
      [office, backup],
      '2026-11-26T16:30:00Z',
      false,
      'window backup keeps it closed, outside window office',
      '2026-11-27T08:00:00.000Z',
    ],
    [
      'a Deny alone leaves the rest open',
      [lunch],
      '2026-11-26T14:00:00Z',
      true,
      'no window closes it',
      '2026-11-27T11:00:00.000Z',
    ],
  ])('%s', (_, windows, now, open, reason, next) => {
    const found = new Windows(windows).at(at(now));
    expect(found).toMatchObject({ open, reason });
    expect(said(open ? found.nextClose : found.nextOpen)).toBe(next);
    expect(open ? found.nextOpen : found.nextClose).toBeUndefined();
  });

  test.each([
    ['2026-11-26T15:20:00Z', [], '2026-11-26T15:30:00Z'],
    ['2026-11-26T15:45:00Z', ['backup'], '2026-11-26T16:00:00Z'],
    ['2026-11-26T16:30:00Z', ['office', 'backup'], '2026-11-26T17:00:00Z'],
    ['2026-11-26T17:00:00Z', ['office'], '2026-11-27T08:00:00Z'],
  ])(
    'every window that keeps it closed is told, as of %s and however long ago it was asked',
    (now, names, until) => {
      const windows = new Windows([office, backup]);
      for (const earlier of ['2026-11-26T15:20:00Z', '2026-11-26T15:30:00Z', '2026-11-26T16:00:00Z'])
        if (at(earlier) <= at(now)) windows.at(at(earlier));
      const found = windows.at(at(now));
      expect([found.closedBy, said(found.until)]).toEqual([names, said(at(until))]);
    },
  );

  test('a window that begins anew before it ends never closes', () => {
    const always = new Windows([{ ...office, schedule: '* * * * *', durationSeconds: 60 }]);
    const found = always.at(at('2026-11-26T03:00:30Z'));
    expect(found.open).toBe(true);
    expect(found.nextClose).toBeUndefined();
    expect(found.until).toBeGreaterThan(at('2026-11-26T06:00:00Z'));
    expect(always.at(found.until).open).toBe(true);
  });

  test.each([
    [
      'a schedule',
      { schedule: '61 * * * *' },
      'window office: the schedule "61 * * * *" cannot be read; write five',
    ],
    ['six fields', { schedule: '0 0 9 * * 1-5' }, 'cannot be read; write five cron fields'],
    ['a day that never comes', { schedule: '0 9 30 2 *' }, 'names no day of any year'],
    ['a time zone', { timeZone: 'Mars/Olympus' }, 'there is no time zone Mars/Olympus; write an IANA name'],
  ])('%s that cannot be read is refused, with what to write', (_, change, message) => {
    expect(() => new Windows([{ ...office, ...change }])).toThrow(message);
  });
});

/* The clocks change, a leap day, a new year: each with two days before, which fill the windows. */
const PLACES: [string, string][] = [
  ['Europe/Zurich', '2026-03-27T00:00:00Z'],
  ['Europe/Zurich', '2026-10-23T00:00:00Z'],
  ['America/New_York', '2026-03-06T00:00:00Z'],
  ['America/New_York', '2026-10-30T00:00:00Z'],
  // Half an hour only.
  ['Australia/Lord_Howe', '2026-04-02T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-01T00:00:00Z'],
  ['Asia/Kathmandu', '2028-02-27T00:00:00Z'],
  ['Europe/Zurich', '2028-02-27T00:00:00Z'],
  ['America/New_York', '2026-12-30T00:00:00Z'],
];
const DAYS = 4;
const MINUTES = DAYS * 24 * 60;
const clocks = PLACES.map(([zone, from]) => ({
  zone,
  from: at(from),
  clock: wallClock(zone, at(from), MINUTES),
}));

const numbers = (max: number, min = 0): fc.Arbitrary<number[] | undefined> =>
  fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }), { nil: undefined });
const fields: fc.Arbitrary<Fields> = fc.record({
  minute: fc.oneof(fc.constant([0]), fc.constant([30]), numbers(59)),
  hour: fc.oneof(fc.constant([1]), fc.constant([2]), fc.constant([1, 2, 3]), numbers(23)),
  day: fc.oneof(fc.constant(undefined), numbers(31, 1)),
  month: fc.constant(undefined),
  weekday: fc.oneof(fc.constant(undefined), numbers(6)),
});
const window = fc.record({
  kind: fc.constantFrom('Allow', 'Deny'),
  fields,
  minutes: fc.oneof(fc.constant(60), fc.integer({ min: 1, max: 24 * 60 })),
});

test('every minute around every change of the clocks is as brute force says, and so is the next change', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...clocks),
      fc.array(window, { minLength: 1, maxLength: 3 }),
      fc.array(
        fc.tuple(fc.integer({ min: 24 * 60, max: MINUTES - 1 }), fc.integer({ min: 0, max: 59_999 })),
        {
          minLength: 20,
          maxLength: 20,
        },
      ),
      ({ zone, from, clock }, drawn, looks) => {
        const windows = new Windows(
          drawn.map(({ kind, fields: schedule, minutes }, i) => ({
            name: `w${i}`,
            kind,
            schedule: scheduleOf(schedule),
            durationSeconds: minutes * 60,
            timeZone: zone,
          })),
        );
        const on = drawn.map(({ kind, fields: schedule, minutes }) => ({
          kind,
          on: onBy(schedule, clock, minutes),
        }));
        const isOpen = (minute: number): boolean => {
          const allows = on.filter((w) => w.kind === 'Allow');
          return (
            !on.some((w) => w.kind === 'Deny' && w.on[minute]) &&
            (allows.length === 0 || allows.some((w) => w.on[minute]))
          );
        };
        const closing = Array.from({ length: MINUTES }, (_, minute) => {
          const isOutside = !on.some((w) => w.kind === 'Allow' && w.on[minute]);
          return on
            .flatMap((w, i) => ((w.kind === 'Deny' ? w.on[minute] : isOutside) ? [`w${i}`] : []))
            .join(' ');
        });
        for (const [minute, ms] of looks) {
          const found = windows.at(from + minute * 60_000 + ms);
          expect([zone, minute, found.open]).toEqual([zone, minute, isOpen(minute)]);
          const closedBy = found.closedBy.toSorted().join(' ');
          expect([zone, minute, closedBy]).toEqual([zone, minute, closing[minute]]);
          // As long as it is said to hold, it holds.
          const last = Math.min(MINUTES, (found.until - from) / 60_000);
          let m = minute;
          while (m < last && closing[m] === closedBy) m += 1;
          expect(m).toBeGreaterThanOrEqual(last);
          let next = minute + 1;
          while (next < MINUTES && isOpen(next) === found.open) next += 1;
          const told = found.nextOpen ?? found.nextClose;
          const expected = next < MINUTES ? from + next * 60_000 : undefined;
          // Beyond the days that were looked at nothing is known; and what is not known yet is asked again in time.
          if (expected !== undefined && told !== undefined) expect(said(told)).toBe(said(expected));
          else if (expected !== undefined) expect(found.until).toBeLessThanOrEqual(expected);
          else if (told !== undefined) expect(told).toBeGreaterThan(from + (MINUTES - 1) * 60_000);
        }
      },
    ),
    { numRuns: 100 },
  );
});
