import { z } from 'zod';
import { conditions } from './conditions.ts';
import { count, rules, seconds, text } from './fields.ts';
import type { Resource } from './object.ts';

/** A PromQL query with `{{ variables }}`. */
const query = (description: string) => z.string().min(1).max(4096).meta({ description });
const cel = (description: string) => z.string().min(1).max(1024).meta({ description });

export const prometheusSpec = z
  .object({
    address: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .meta({
        description: "Base URL of the Prometheus API; absent: the operator's --prometheus-address.",
        ...rules({
          rule: "self.startsWith('http://') || self.startsWith('https://')",
          message: 'address is a URL: begin it with http:// or https://',
        }),
      }),
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
  .meta({ description: 'A Prometheus query with its conditions.' });

export const gateSpec = z
  .object({
    prometheus: prometheusSpec.optional(),
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
    ...rules({
      rule: 'has(self.prometheus)',
      message: 'a Gate has exactly one kind of check: set spec.prometheus',
    }),
  });

export const gateStatus = z.object({
  observedGeneration: count(2 ** 40, 'metadata.generation that was last looked at.').optional(),
  conditions,
});

export type PrometheusSpec = z.infer<typeof prometheusSpec>;
export type GateSpec = z.infer<typeof gateSpec>;
export type GateStatus = z.infer<typeof gateStatus>;
export type Gate = Resource<GateSpec, GateStatus>;

/** A gate's answer to one sample, and to all samples of a step. */
export const verdict = z.enum(['Pass', 'Fail', 'Inconclusive', 'Error']);
export type Verdict = z.infer<typeof verdict>;

/** Text of a gate's evidence: bounded, since a status has room for many. */
export const evidence = (description: string) => text(description, 512);
