import { z } from 'zod';
import { conditions } from './conditions.ts';
import { digest, itemName, objectName, rules, text, time } from './fields.ts';
import type { Resource } from './object.ts';

const promotionRef = z
  .object({
    name: objectName('Name of the Promotion.'),
    uid: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Its metadata.uid: a Decision is for one order, not for a name.' }),
  })
  .meta({ description: 'The Promotion that is decided on: Hold, Resume and Abort.' });

const onPromotion = "['Hold', 'Resume', 'Abort']";

export const decisionSpec = z
  .object({
    by: z
      .string()
      .min(1)
      .max(253)
      .meta({ description: 'Who decided. Nothing proves it in this version: the right is RBAC create.' }),
    verdict: z.enum(['Hold', 'Resume', 'Abort', 'Release', 'Freeze', 'Thaw']).meta({
      description:
        'Hold: no advance, guards go on. Resume: ends a Hold. Abort: go back. Release: out of quarantine. Freeze: nothing begins and nothing advances in the Environment. Thaw: ends a Freeze.',
    }),
    environment: objectName('Name of the Environment.'),
    promotion: promotionRef.optional(),
    target: itemName('Name of the target: Release.').optional(),
    revisionDigest: digest('status.revisionDigest of what is released: Release.').optional(),
    until: time('When it ends by itself, at most 30 days ahead: Freeze.').optional(),
    reason: text('Why, for the record.').optional(),
    ticket: text('A ticket, for the record.', 128).optional(),
  })
  .meta({
    description: 'One decision. It cannot be changed.',
    ...rules(
      {
        rule: 'self == oldSelf',
        message: 'a Decision is one immutable record: to decide otherwise, create a new Decision',
      },
      {
        rule: `!(self.verdict in ${onPromotion}) || has(self.promotion)`,
        message: 'this verdict is on a promotion: set promotion.name and promotion.uid',
      },
      {
        rule: "self.verdict != 'Release' || (has(self.target) && has(self.revisionDigest))",
        message:
          'a Release names what it lets out: set target, and revisionDigest as in the Promotion that failed',
      },
      {
        rule: "self.verdict != 'Freeze' || (has(self.until) && has(self.reason))",
        message: 'a Freeze ends: set until, at most 30 days ahead, and reason',
      },
      {
        rule: `has(self.promotion) == (self.verdict in ${onPromotion}) && (self.verdict == 'Release' || (!has(self.target) && !has(self.revisionDigest))) && (self.verdict == 'Freeze' || !has(self.until))`,
        message:
          'promotion is for Hold, Resume and Abort; target and revisionDigest are for Release; until is for Freeze',
      },
    ),
  });

export const decisionStatus = z.object({ conditions });

export type DecisionSpec = z.infer<typeof decisionSpec>;
export type DecisionStatus = z.infer<typeof decisionStatus>;
export type Decision = Resource<DecisionSpec, DecisionStatus>;
