import { presentable as shown } from '../runtime/presentable.ts';

/**
 * What one look, or all looks so far, say. Pass and Fail are knowledge; Inconclusive is too little of it (no
 * data, too few samples, stale), Error is none (backend away, query refused). Only Fail reverts.
 */
export type Verdict = 'Pass' | 'Fail' | 'Inconclusive' | 'Error';

/** One look at one gate, as evidence: what was asked, what came back, what was made of it. */
export interface Sample {
  /** When the query was sent: milliseconds since the epoch, by our clock. */
  at: number;
  verdict: Verdict;
  /** What the query gave; absent when it gave no finite number. */
  value?: number;
  /** How many observations stand behind the value, where the gate counts them. */
  samples?: number;
  /** Age of the data behind the value in seconds, where the gate asks for it. */
  ageSeconds?: number;
  /** The condition that decided, as the gate's author wrote it. */
  threshold?: string;
  /** One sentence for people, at most LONGEST_MESSAGE characters, without control characters and secrets. */
  message: string;
  /** The query as it was sent. */
  query: string;
  /** Milliseconds until the answer was judged. */
  tookMs: number;
  /** What the next sample at the same step goes on from, at most LONGEST_STATE characters; see `Judgement.state`. */
  state?: string;
}

export const LONGEST_MESSAGE = 512;
/** As much as status has room for. */
export const LONGEST_STATE = 512;

/** Text from outside made fit for a sample's message: see runtime/presentable.ts. */
export function presentable(text: string, longest: number = LONGEST_MESSAGE): string {
  return shown(text, longest);
}
