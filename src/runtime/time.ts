/** RFC 3339 with milliseconds, from milliseconds since the epoch. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds since the epoch; undefined for an absent or unreadable time. */
export function fromTime(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The earliest of the given instants; undefined where there is none. */
export function earliest(...instants: readonly (number | undefined)[]): number | undefined {
  const given = instants.filter((i) => i !== undefined);
  return given.length ? Math.min(...given) : undefined;
}
