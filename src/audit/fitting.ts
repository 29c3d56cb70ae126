/** The longest text of a record that the CustomResourceDefinition takes, in characters. */
export const LONGEST = 4096;
/** What goes first: it is there to judge a verdict again. */
const SPARED = ['rule', 'state'] as const;
const MOST_ITEMS = 6;

/**
 * A record that fits: as it is nearly always; else without what it was judged by, and where that does not do with its
 * texts and lists cut. `short` says so, and what was cut stands in the status whose hash or name the record has.
 * @param lengthOf characters of a record as it is kept.
 */
export function fitting(record: object, lengthOf: (record: object) => number): object {
  if (lengthOf(record) <= LONGEST) return record;
  const spared = Object.fromEntries(
    Object.entries({ ...record, short: true }).filter(([key]) => !SPARED.some((s) => s === key)),
  );
  for (const length of [1024, 400, 100, 25]) {
    const shorter = cut(spared, length);
    if (lengthOf(shorter) <= LONGEST) return shorter;
  }
  return { kind: spared['kind'], short: true };
}

function cut(record: object, length: number): object {
  const text = (value: string): string => (value.length > length ? `${value.slice(0, length)}…` : value);
  const all = Object.entries(record).map(([key, value]: [string, unknown]) => {
    if (typeof value === 'string') return [key, text(value)];
    if (!Array.isArray(value)) return [key, value];
    const more = value.length - MOST_ITEMS;
    const kept = value.slice(0, MOST_ITEMS).map((item) => (typeof item === 'string' ? text(item) : item));
    return [key, more > 0 ? [...kept, `and ${more} more`] : kept];
  });
  return Object.fromEntries(all);
}
