import { createHash } from 'node:crypto';

/** The value with the keys of every object in order, so that equal values give equal text. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // fromEntries defines properties, so that a key `__proto__` stays an ordinary key.
  return Object.fromEntries(entries.map(([key, child]) => [key, ordered(child)]));
}

/** JSON with sorted keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? 'undefined';
}

/** sha256 in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Sixteen hexadecimal digits that tell one value from another; key order does not matter. */
export function fingerprint(value: unknown): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
