import { Cron } from 'croner';

/** One recurring stretch of time. */
export interface WindowSpec {
  name: string;
  kind: 'Allow' | 'Deny';
  /** Five cron fields: when it begins, on the clocks of `timeZone`. */
  schedule: string;
  /** Elapsed time, so that a change of the clocks makes it neither longer nor shorter. */
  durationSeconds: number;
  /** IANA name; absent: UTC. */
  timeZone?: string | undefined;
}

/**
 * When a window is on. Its starts are those of croner, by the rule of Vixie cron: where minute and hour are fixed
 * (`30 2 * * *`), a start in the hour that the clocks skip happens at its end, and one in the hour that comes twice
 * happens once; where they are not (every quarter of an hour, say), starts follow the time that elapses.
 */
export class Recurrence {
  readonly #durationMs: number;
  readonly #cron: Cron;

  /** @throws RangeError with a message for people, when the schedule or the time zone cannot be read */
  constructor({ name, schedule, timeZone = 'UTC', durationSeconds }: WindowSpec) {
    this.#durationMs = durationSeconds * 1000;
    if (!isTimeZone(timeZone))
      throw new RangeError(
        `window ${name}: there is no time zone ${timeZone}; write an IANA name such as Europe/Zurich`,
      );
    try {
      this.#cron = new Cron(schedule, {
        mode: '5-part',
        fixedTimeRule: 'no-wildcard',
        timezone: timeZone,
        paused: true,
      });
    } catch {
      throw new RangeError(
        `window ${name}: the schedule "${schedule}" cannot be read; write five cron fields, such as "0 9 * * 1-5"`,
      );
    }
    if (this.#cron.nextRun(new Date(0)) === null)
      throw new RangeError(`window ${name}: the schedule "${schedule}" names no day of any year`);
  }

  /** When the latest start that is not over yet will be; undefined while the window is off. */
  endAt(now: number): number | undefined {
    const start = this.#startUpTo(now);
    const end = start === undefined ? undefined : start + this.#durationMs;
    return end !== undefined && end > now ? end : undefined;
  }

  /** The first start after an instant; undefined: there is none as long as anybody will ask. */
  nextStart(now: number): number | undefined {
    return this.#cron.nextRun(new Date(now))?.getTime();
  }

  /** The latest start at or before an instant. */
  #startUpTo(now: number): number | undefined {
    // croner answers what lies before its reference; starts are at whole seconds.
    const justAfter = Math.floor(now / 1000) * 1000 + 1;
    return this.#cron.previousRuns(1, new Date(justAfter))[0]?.getTime();
  }
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
