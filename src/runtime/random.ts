import { randomUUID } from 'node:crypto';

/** Uniform in [0, 1). Injected wherever code draws lots (jitter), so that tests decide. */
export type Random = () => number;

/** The machine's own randomness; not for secrets. */
export const systemRandom: Random = () => Math.random();

/** A version 4 UUID. */
export const systemUuid = (): string => randomUUID();
