import { z } from 'zod';
import { atomic, count, text } from './fields.ts';

/** Records that a promotion keeps; older ones are in the operator's log only. */
export const MOST_RECORDS = 200;
/** Records that an Environment keeps. */
export const MOST_PLACE_RECORDS = 100;

/** A chain of records, the same for every object that has one. */
export const auditTrail = (most: number) =>
  z
    .object({
      cut: z
        .object({
          seq: count(2 ** 40, 'Its number.'),
          hash: text('Its hash.', 64),
        })
        .optional()
        .meta({ description: 'The last record that was let go of, where there were too many.' }),
      records: z
        .array(
          z.object({
            record: text('Canonical JSON: what happened, when, and the number of the record.', 4096),
            hash: text('sha256 over the hash before it and this text.', 64),
          }),
        )
        .max(most)
        .meta({ description: 'Oldest first.', ...atomic }),
    })
    .meta({
      description:
        'What was decided, measured and done, each record chained to the one before it; `kubectl sluice audit verify` checks it.',
    });

export type Audit = z.infer<ReturnType<typeof auditTrail>>;
