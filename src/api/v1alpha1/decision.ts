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
  .meta({
    description: 'The Promotion that is decided on: Approve, Reject, Revoke, Hold, Resume, Abort, Bypass.',
  });

export const VERDICTS = [
  'Approve',
  'Reject',
  'Revoke',
  'Hold',
  'Resume',
  'Abort',
  'Bypass',
  'Rollback',
  'Release',
  'Freeze',
  'Thaw',
] as const;

export const constraint = z.enum(['Window', 'Freeze', 'Soak', 'Upstream']);

const celList = (...verdicts: (typeof VERDICTS)[number][]): string =>
  `[${verdicts.map((v) => `'${v}'`).join(', ')}]`;
const onGate = `self.verdict in ${celList('Approve', 'Reject', 'Revoke')}`;
/** Resume without a Promotion lifts the Environment's hold on autoPromote. */
const needsPromotion = `self.verdict in ${celList('Approve', 'Reject', 'Revoke', 'Hold', 'Abort', 'Bypass')}`;
const takesPromotion = `(${needsPromotion} || self.verdict == 'Resume')`;

export const decisionSpec = z
  .object({
    by: z.string().min(1).max(512).meta({
      description:
        'Who decides: the name by which the API server knows you (kubectl auth whoami). It refuses any other.',
    }),
    verdict: z.enum(VERDICTS).meta({
      description:
        'Approve, Reject, Revoke (withdraws an approval): an approval gate. Hold: no advance, guards go on. Resume: ends a Hold; without promotion, the hold on autoPromote. Abort: go back. Bypass: one gate or constraint, once. Rollback: to what was good before, or to the revision named. Release: out of quarantine. Freeze: nothing begins and nothing advances. Thaw: ends a Freeze.',
    }),
    environment: objectName('Name of the Environment: what the right to decide is checked on.'),
    promotion: promotionRef.optional(),
    gate: objectName('Name of the Gate: Approve, Reject, Revoke; Bypass.').optional(),
    constraint: constraint
      .optional()
      .meta({ description: 'What a Bypass passes over, where it is no gate.' }),
    target: itemName(
      'Name of the target: Rollback and Release. A Rollback without it is for those that have something newer than what was last good, else those of the latest promotion.',
    ).optional(),
    revisionDigest: digest(
      'status.revisionDigest of what is approved or released; with Rollback, of where to go: absent means what was last good, or, where that is what runs and nothing newer is on its way, what was good before it.',
    ).optional(),
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
        rule: `!(${needsPromotion}) || has(self.promotion)`,
        message: 'this verdict is on a promotion: set promotion.name and promotion.uid',
      },
      {
        rule: `!(${onGate}) || has(self.gate)`,
        message: 'Approve, Reject and Revoke are on an approval gate: set gate',
      },
      {
        rule: "self.verdict != 'Approve' || has(self.revisionDigest)",
        message:
          'an Approve names what it approves: set revisionDigest to status.revisionDigest of the Promotion',
      },
      {
        rule: "self.verdict != 'Bypass' || has(self.gate) != has(self.constraint)",
        message: 'a Bypass passes over one thing: set gate or constraint, not both',
      },
      {
        rule: "self.verdict != 'Bypass' || (has(self.ticket) && has(self.reason) && size(self.reason) >= 10)",
        message: 'a Bypass is on the record: set ticket, and a reason of at least 10 characters',
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
        rule: `!has(self.promotion) || ${takesPromotion}`,
        message: 'promotion has no meaning with this verdict: it concerns the Environment; leave it out',
      },
      {
        rule: `!has(self.gate) || ${onGate} || self.verdict == 'Bypass'`,
        message: 'gate is for Approve, Reject, Revoke and Bypass: leave it out',
      },
      {
        rule: `(!has(self.constraint) || self.verdict == 'Bypass') && (!has(self.until) || self.verdict == 'Freeze') && (!has(self.target) || self.verdict in ${celList('Rollback', 'Release')}) && (!has(self.revisionDigest) || self.verdict in ${celList('Approve', 'Rollback', 'Release')})`,
        message:
          'constraint is for Bypass, until for Freeze, target for Rollback and Release, revisionDigest for Approve, Rollback and Release: leave out what this verdict does not take',
      },
    ),
  });

export const decisionStatus = z.object({
  conditions,
  promotion: objectName('Name of the Promotion that was made for it: Rollback.').optional(),
});

export type DecisionVerdict = (typeof VERDICTS)[number];
export type DecisionSpec = z.infer<typeof decisionSpec>;
export type DecisionStatus = z.infer<typeof decisionStatus>;
export type Decision = Resource<DecisionSpec, DecisionStatus>;
