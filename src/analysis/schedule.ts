/** Into so many slots an interval is divided, but none is shorter than SHORTEST_SLOT_MS. */
const SLOTS = 20;
const SHORTEST_SLOT_MS = 250;

/**
 * Milliseconds by which the grid of a probe is shifted. Probes of one lane and interval share a few slots, so that
 * those that are due together can be asked in one query; the slots of different lanes lie beside each other.
 */
export function phaseOf(key: string, intervalMs: number, lane = ''): number {
  const interval = Math.max(1, Math.floor(intervalMs));
  const slots = Math.min(SLOTS, Math.max(1, Math.floor(interval / SHORTEST_SLOT_MS)));
  const width = Math.floor(interval / slots);
  return (hashOf(key) % slots) * width + (hashOf(lane) % width);
}

/** FNV-1a, 32 bits; the last step spreads it over the low bits, which alone decide the slot. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * When to sample next, in monotonic milliseconds: the first point after `now` of the grid
 * `phase + k x interval`, which never drifts however long samples take; but not sooner than half an interval
 * after the last sample `started`, because `count` samples in a burst would prove nothing.
 */
export function nextOnGrid(phaseMs: number, intervalMs: number, startedMs: number, nowMs: number): number {
  const earliest = Math.max(startedMs + intervalMs / 2, nowMs);
  const ticks = Math.floor((earliest - phaseMs) / intervalMs);
  const tick = phaseMs + ticks * intervalMs;
  return tick >= earliest && tick > nowMs ? tick : tick + intervalMs;
}
