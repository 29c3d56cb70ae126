import { z } from 'zod';
import { presentable } from '../../runtime/presentable.ts';
import { count, listMap, text, time } from './fields.ts';

export type ConditionStatus = 'True' | 'False' | 'Unknown';

const LONGEST_MESSAGE = 4096;

export const condition = z.object({
  type: text('Type of the condition.', 316),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'True, False or Unknown.' }),
  observedGeneration: count(2 ** 40, 'metadata.generation that this condition speaks of.').optional(),
  lastTransitionTime: time('When status last changed.'),
  reason: text('One word, CamelCase.', 1024),
  message: text('One sentence for people; a refusal says what to do next.', LONGEST_MESSAGE),
});

/** A condition as metav1.Condition has it. */
export type Condition = z.infer<typeof condition>;

export const conditions = z
  .array(condition)
  .max(16)
  .optional()
  .meta({ description: 'The latest observations of the state.', ...listMap('type') });

/** What a condition is to say; absent means that the condition is to be removed. */
export interface Wanted {
  type: string;
  status: ConditionStatus;
  reason: string;
  message: string;
}

/**
 * The list with exactly the wanted conditions, in their order. lastTransitionTime moves only when
 * the status of a condition does (API conventions), so an unchanged state gives an unchanged list.
 */
export function withConditions(
  before: readonly Condition[] | undefined,
  wanted: readonly Wanted[],
  generation: number,
  now: string,
): Condition[] {
  return wanted.map((want) => {
    const old = before?.find((c) => c.type === want.type);
    return {
      type: want.type,
      status: want.status,
      observedGeneration: generation,
      lastTransitionTime: old && old.status === want.status ? old.lastTransitionTime : now,
      reason: want.reason,
      // It may quote what somebody else wrote.
      message: presentable(want.message, LONGEST_MESSAGE),
    };
  });
}

/** The condition of that type, if the object has it. */
export function findCondition(
  object: { status?: { conditions?: Condition[] | undefined } | undefined },
  type: string,
): Condition | undefined {
  return object.status?.conditions?.find((c) => c.type === type);
}
