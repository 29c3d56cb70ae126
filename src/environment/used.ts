import type { Decision, EnvironmentStatus } from '../api/v1alpha1/types.ts';

type Used = NonNullable<EnvironmentStatus['decisions']>[number];

/** So many decisions stand in the status of an Environment. */
const KEPT = 64;

/** A Decision, and when it was made. */
type Made = Pick<Used, 'at' | 'uid'>;

const inOrder = (a: Made, b: Made): number => Date.parse(a.at) - Date.parse(b.at) || (a.uid < b.uid ? -1 : 1);

/** The latest of them, by when they were made: the same however often it is asked. */
export function latest(decisions: readonly Used[]): Used[] {
  return decisions.toSorted(inOrder).slice(-KEPT);
}

/** As `isUsed` takes it. */
export function made({ metadata }: Pick<Decision, 'metadata'>): Made {
  return { uid: metadata.uid, at: metadata.creationTimestamp };
}

/**
 * Whether a Decision on the place was used. One that is older than all that a full list has was used and is left out
 * by now: it is not used once more.
 */
export function isUsed(status: EnvironmentStatus | undefined, one: Made): boolean {
  const kept = status?.decisions ?? [];
  const [oldest] = kept;
  return (
    kept.some((d) => d.uid === one.uid) ||
    (oldest !== undefined && kept.length >= KEPT && inOrder(one, oldest) < 0)
  );
}
