import { digestOf } from '../api/v1alpha1/images.ts';
import type { EnvironmentStatus, Target } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import { toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';

/* Whether what was promoted is what is declared, and what runs. */

type TargetTruth = NonNullable<EnvironmentStatus['targets']>[number];

/** Where a tag was promoted the tag is declared, and the digest that ran is on record. */
const isIn = (list: readonly string[] | undefined, i: string): boolean =>
  list?.some((d) => d === i || (digestOf(d) === undefined && i.startsWith(`${d}@`))) ?? true;

/** What is found where the Rollout was deleted: whoever looks has every Rollout that there is. */
export const GONE = 'nothing: its Rollout is not there';

/** Somebody declared other images than were promoted, or took the Rollout away, with no promotion in flight. */
export function driftOf(
  input: Input,
  target: Target,
  current: { images?: string[] | undefined },
  before: TargetTruth['drift'],
): TargetTruth['drift'] {
  const declared = input.declared(target);
  const running = input.running(target);
  const images = current.images ?? [];
  // What is declared runs in the end; what runs is what users get.
  const other = declared ? [declared, running].find((list) => !images.every((i) => isIn(list, i))) : [GONE];
  if (!other) return undefined;
  const [expected, found] = [images.join(' '), other.join(' ')].map((t) => presentable(t, 4096));
  const since = before?.found === found ? before?.since : undefined;
  return { expected: expected ?? '', found: found ?? '', since: since ?? toTime(input.now) };
}
