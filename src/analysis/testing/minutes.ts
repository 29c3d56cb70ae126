/*
 * Windows by brute force: every minute of a few days is looked at on the wall clock of a time zone. Shares nothing with
 * what it is an oracle for: neither croner nor arithmetic with offsets.
 */

const MINUTE = 60_000;

/** One minute on a wall clock. */
interface Wall {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
  /** The reading as if it were UTC, to compare readings. */
  reading: number;
}

/** A cron schedule as sets of numbers; undefined: a `*`. */
export interface Fields {
  minute: readonly number[] | undefined;
  hour: readonly number[] | undefined;
  day: readonly number[] | undefined;
  month: readonly number[] | undefined;
  weekday: readonly number[] | undefined;
}

/** The five fields as text. */
export function scheduleOf({ minute, hour, day, month, weekday }: Fields): string {
  return [minute, hour, day, month, weekday].map((numbers) => numbers?.join(',') ?? '*').join(' ');
}

/** The wall clock of a zone, minute by minute. */
export function wallClock(timeZone: string, from: number, minutes: number): Wall[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return Array.from({ length: minutes }, (_, at) => {
    const parts = format.formatToParts(from + at * MINUTE);
    const number = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
    return wall(
      Date.UTC(number('year'), number('month') - 1, number('day'), number('hour'), number('minute')),
    );
  });
}

function wall(reading: number): Wall {
  const date = new Date(reading);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
    reading,
  };
}

const within = (numbers: readonly number[] | undefined, value: number): boolean =>
  numbers?.includes(value) ?? true;

function matches(fields: Fields, at: Wall): boolean {
  // Where both are given, either day will do: crontab(5).
  const days =
    fields.day && fields.weekday
      ? within(fields.day, at.day) || within(fields.weekday, at.weekday)
      : within(fields.day, at.day) && within(fields.weekday, at.weekday);
  return (
    days && within(fields.minute, at.minute) && within(fields.hour, at.hour) && within(fields.month, at.month)
  );
}

/** Whether the window is on in each of the minutes; the first `minutes of duration` say nothing of what began before. */
export function onBy(fields: Fields, clock: readonly Wall[], durationMinutes: number): boolean[] {
  const fixed = fields.minute !== undefined && fields.hour !== undefined;
  let [latest, left] = [Number.NEGATIVE_INFINITY, 0];
  return clock.map((at, index) => {
    const before = clock[index - 1]?.reading ?? at.reading - MINUTE;
    const isRepeated = at.reading <= latest;
    let starts = matches(fields, at) && !(fixed && isRepeated);
    // The clock has jumped: what would have begun in between begins now.
    if (fixed)
      for (let skipped = before + MINUTE; skipped < at.reading; skipped += MINUTE)
        starts ||= matches(fields, wall(skipped));
    latest = Math.max(latest, at.reading);
    if (starts) left = durationMinutes;
    return left-- > 0;
  });
}
