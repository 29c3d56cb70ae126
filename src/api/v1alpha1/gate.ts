import { z } from 'zod';
import { conditions } from './conditions.ts';
import { count, rules, seconds, text } from './fields.ts';
import type { Resource } from './object.ts';
import { server, serverRules } from './server.ts';

/** A PromQL query with `{{ variables }}`. */
const query = (description: string) => z.string().min(1).max(4096).meta({ description });
const cel = (description: string) => z.string().min(1).max(1024).meta({ description });

export const prometheusSpec = z
  .object({
    ...server,
    query: query(
      'Instant query that yields one number. Variables: targetNamespace, rollout, target, environment, promotion, canaryHash, stableHash, weight, stepSeconds, args.<name>; they are escaped for a PromQL string.',
    ),
    pass: cel('CEL over value (double), ageSeconds, samples and args: true means Pass.'),
    fail: cel(
      'CEL over the same: true means Fail. Absent: whatever does not pass fails. With both, neither true is Inconclusive.',
    ).optional(),
    minSamples: z
      .object({
        query: query('Instant query that counts what the value was computed from, for example requests.'),
        atLeast: z.int().min(1).max(1_000_000_000).meta({ description: 'Fewer than this: Inconclusive.' }),
      })
      .optional()
      .meta({ description: 'How much data a verdict needs.' }),
    maxAgeSeconds: seconds(1, 86400, 'Data whose newest sample is older than this is no data.').optional(),
  })
  .meta({ description: 'A Prometheus query with its conditions.', ...serverRules });

const counts = (whose: string) =>
  z
    .object({
      bad: query(
        `Instant query for a counter of ${whose} requests that failed, summed up to one number; nothing counts as 0.`,
      ),
      total: query(`The same for all of its requests.`),
    })
    .meta({ description: `Counters of ${whose} requests, without rate() or increase().` });

export const compareSpec = z
  .object({
    ...server,
    canary: counts("the new version's"),
    stable: counts("the present version's"),
    // The API server writes the bounds of a number without what comes after the point: these are rules.
    alpha: z
      .number()
      .refine((alpha) => alpha >= 0.0001 && alpha <= 0.2)
      .default(0.01)
      .meta({
        description: 'Share of good releases that may fail by chance, at each step.',
        ...rules({
          rule: 'self >= 0.0001 && self <= 0.2',
          message: 'alpha is a share from 0.0001 to 0.2: write for example 0.01',
        }),
      }),
    margin: z.number().min(1).max(10).default(1.2).meta({
      description:
        'The canary may fail so many times as often as stable; 1.5 where it has more than about 100 requests a second.',
    }),
    minSamples: z
      .object({
        atLeast: z
          .int()
          .min(1)
          .max(1_000_000_000)
          .meta({ description: 'Requests, on each side: with fewer the gate does not pass.' }),
      })
      .meta({ description: 'How much data a pass needs.' }),
  })
  .meta({
    description:
      'Whether the canary fails more often than stable: a sequential test of the requests since the step settled, valid at every look.',
    ...serverRules,
  });

export const approvalSpec = z
  .object({
    required: z.int().min(1).max(16).default(1).meta({ description: 'So many persons have to approve.' }),
    requesterMayApprove: z.boolean().default(false).meta({
      description:
        'false: whoever asked for the promotion does not count. Where nobody is known to have asked for it one person more is needed; where a machine has, two at least.',
    }),
    persons: z.enum(['Any', 'Distinct']).default('Any').meta({
      description:
        'Distinct: who counts here counts at no other gate of the same promotion, and the other way round, for levels of approval.',
    }),
    expiresAfterSeconds: seconds(
      60,
      2592000,
      'An approval that was not used for so long does not count.',
    ).default(86400),
    escalateAfterSeconds: seconds(
      60,
      2592000,
      'Asked for so long without an answer: it pages, and goes on asking.',
    ).optional(),
  })
  .meta({ description: 'Persons, by Decisions with verdict Approve. It is asked once, not sampled.' });

/** The kinds of check; a Gate has exactly one of them. */
const kinds = {
  prometheus: prometheusSpec.optional(),
  compare: compareSpec.optional(),
  approval: approvalSpec.optional(),
};
export type GateKindName = keyof typeof kinds;
const kindNames = Object.keys(kinds);

export const gateSpec = z
  .object({
    ...kinds,
    intervalSeconds: seconds(1, 3600, 'Time between two samples.').default(15),
    count: z.int().min(1).max(100).default(3).meta({ description: 'Passes in a row needed at each step.' }),
    failureLimit: count(100, 'Failed samples tolerated at each step.').default(0),
    deadlineSeconds: seconds(1, 604800, 'Inconclusive for so long at one step: see onDeadline.').default(600),
    onDeadline: z.enum(['Hold', 'Revert', 'Pass']).default('Hold').meta({
      description:
        'After deadlineSeconds: Hold pages and goes on by itself, Revert goes back, Pass goes on (and says so).',
    }),
    advisory: z.boolean().default(false).meta({ description: 'Measured and shown, and never decides.' }),
  })
  .meta({
    description: 'Exactly one kind of check, and how often it is asked.',
    ...rules(
      {
        rule: `[${kindNames.map((kind) => `has(self.${kind})`).join(', ')}].exists_one(it, it)`,
        message: `a Gate has exactly one kind of check: set ${kindNames.map((kind) => `spec.${kind}`).join(' or ')}, and no other`,
      },
      {
        rule: "!has(self.approval) || (self.intervalSeconds == 15 && self.count == 3 && self.failureLimit == 0 && self.deadlineSeconds == 600 && self.onDeadline == 'Hold' && !self.advisory)",
        message:
          'an approval is asked once and not sampled: leave out intervalSeconds, count, failureLimit, deadlineSeconds, onDeadline and advisory',
      },
    ),
  });

export const gateStatus = z.object({
  observedGeneration: count(2 ** 40, 'metadata.generation that was last looked at.').optional(),
  conditions,
});

export type PrometheusSpec = z.infer<typeof prometheusSpec>;
export type CompareSpec = z.infer<typeof compareSpec>;
export type ApprovalSpec = z.infer<typeof approvalSpec>;
export type GateSpec = z.infer<typeof gateSpec>;
export type GateStatus = z.infer<typeof gateStatus>;
export type Gate = Resource<GateSpec, GateStatus>;

/** A gate's answer to one sample, and to all samples of a step. */
export const verdict = z.enum(['Pass', 'Fail', 'Inconclusive', 'Error']);
export type Verdict = z.infer<typeof verdict>;

/** Text of a gate's evidence: bounded, since a status has room for many. */
export const evidence = (description: string) => text(description, 512);
