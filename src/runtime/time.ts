/** RFC 3339 with milliseconds, from milliseconds since the epoch. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds since the epoch; undefined for an absent or unreadable time. */
export function fromTime(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** As {@link fromTime}, of what somebody else wrote: a time in RFC 3339, with its zone, and nothing else. */
export function fromRfc3339(time: string | undefined): number | undefined {
  return time !== undefined && RFC_3339.test(time) ? fromTime(time.toUpperCase()) : undefined;
}

/** Whether one time is before another by whole seconds: a creationTimestamp has no more. */
export function isEarlierSecond(time: string, other: string): boolean {
  return Math.floor(Date.parse(time) / 1000) < Math.floor(Date.parse(other) / 1000);
}

/** The earliest of the given instants; undefined where there is none. */
export function earliest(...instants: readonly (number | undefined)[]): number | undefined {
  const given = instants.filter((i) => i !== undefined);
  return given.length ? Math.min(...given) : undefined;
}
