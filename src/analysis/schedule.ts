/** Milliseconds by which the grid of a probe is shifted, so that gates with one interval do not all ask at once. */
export function phaseOf(key: string, intervalMs: number): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return hash % Math.max(1, Math.floor(intervalMs));
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
