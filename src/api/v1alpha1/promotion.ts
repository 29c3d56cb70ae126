import { z } from 'zod';
import { auditTrail, MOST_RECORDS } from './audit.ts';
import { conditions } from './conditions.ts';
import { gateBinding } from './environment.ts';
import {
  atomic,
  count,
  digest,
  itemName,
  listMap,
  objectName,
  repository,
  rules,
  seconds,
  text,
  time,
} from './fields.ts';
import { evidence, verdict } from './gate.ts';
import type { Resource } from './object.ts';

export const revisionImage = z
  .object({
    image: repository,
    tag: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[\w][\w.-]*$/)
      .optional()
      .meta({ description: 'Tag, for people; the digest decides.' }),
    digest: digest('The digest that is promoted; absent: what the tag names when the pods start.').optional(),
  })
  .meta(
    rules({
      rule: 'has(self.tag) || has(self.digest)',
      message: 'name a tag, a digest, or best both: the digest is what is promoted, the tag is for people',
    }),
  );

const images = z
  .array(revisionImage)
  .min(1)
  .max(32)
  .meta({ description: 'The images of this revision.', ...listMap('image') });

export const promotionSpec = z
  .object({
    environment: objectName('Name of an Environment in this namespace.'),
    targets: z.array(itemName('Name of a target.')).min(1).max(32).optional().meta({
      description: 'Targets to deliver to; absent: every target that one of the images matches.',
      'x-kubernetes-list-type': 'set',
    }),
    revision: z.object({ images }).optional().meta({ description: 'What is to run.' }),
    from: z
      .object({
        environment: objectName('Name of an Environment in this namespace.'),
        targets: z.array(itemName('Name of a target there.')).min(1).max(32).optional().meta({
          description: 'Targets there; absent: all.',
          'x-kubernetes-list-type': 'set',
        }),
      })
      .optional()
      .meta({ description: 'Instead of revision: what was last good in another Environment, taken once.' }),
    requestedBy: z.string().min(1).max(512).optional().meta({
      description:
        'Who asks for it: the name by which the API server knows you, which refuses any other. Absent: nobody is known to have, and approval gates ask one person more.',
    }),
    changeType: z.enum(['Standard', 'Normal', 'Emergency']).optional().meta({
      description:
        'Absent: Normal. Emergency skips what the Environment lets it, on the record; it needs the verb `emergency` on the Environment.',
    }),
    emergency: z
      .object({
        ticket: z.string().min(1).max(128).meta({ description: 'The incident.' }),
        justification: z.string().min(10).max(1024).meta({ description: 'Why it cannot wait.' }),
      })
      .optional()
      .meta({ description: 'With changeType Emergency.' }),
    gates: z
      .array(gateBinding)
      .min(1)
      .max(32)
      .optional()
      .meta({
        description: "Gates besides the Environment's.",
        ...listMap('gate', 'when'),
      }),
    startDeadlineSeconds: seconds(
      1,
      2592000,
      'A promotion that has not begun Applying so long after its creation ends; absent: it waits.',
    ).optional(),
    rollback: z
      .object({
        decision: text('Name of the Decision with verdict Rollback.', 253),
        uid: text('Its UID.', 64),
        by: text('Who decided.', 512),
      })
      .optional()
      .meta({
        description:
          'Written by Sluice only, for a Decision with verdict Rollback: no canary, no gates, no windows.',
      }),
    dryRun: z.boolean().optional().meta({
      description: 'true: says what it would do and what is in its way, touches nothing, ends Planned.',
    }),
    ttlSecondsAfterFinished: seconds(
      0,
      31536000,
      'Sluice deletes the Promotion so long after its end; absent: it is kept.',
    ).optional(),
    reason: text('Why, for the record.').optional(),
  })
  .meta({
    description: 'One order. It cannot be changed.',
    ...rules(
      {
        rule: 'self == oldSelf',
        message:
          'a Promotion is one immutable order: to try again, to go back or to ship the next version, apply a new Promotion with a new name',
      },
      {
        rule: 'has(self.revision) != has(self.from)',
        message: 'a Promotion has either a revision or a from: set exactly one of them',
      },
      {
        rule: "has(self.emergency) == (has(self.changeType) && self.changeType == 'Emergency')",
        message:
          'an Emergency says why: set emergency.ticket and emergency.justification with changeType Emergency, and only with it',
      },
    ),
  });

/** Where one target stands. That it holds there is said by the conditions: the place stays the same. */
export const targetState = z.enum([
  'Pending',
  'Applying',
  'Advancing',
  'Settling',
  'Analysing',
  'Promoted',
  'Baking',
  'Verifying',
  'Succeeded',
  'Reverting',
  'RolledBack',
  'RollbackBlocked',
  'Ended',
]);

const plannedTarget = z.object({
  name: text('Name of the target.', 63),
  wave: count(99, 'Its wave.'),
  rollout: z
    .object({
      name: text('Its name.', 253),
      namespace: text("Its namespace, where it is not the Promotion's.", 63).optional(),
      uid: text('Its UID: grants and records hold for this object only.', 64),
      writes: z.enum(['Template', 'Images']).optional().meta({
        description:
          'What may be written there: Images where someone else declares the rest; absent: Template.',
      }),
    })
    .meta({ description: 'The Argo Rollout that delivers it.' }),
  images: z
    .array(
      z.object({
        container: text('Container.', 63),
        image: text('Image reference that is written.', 512),
        changed: z.boolean().meta({ description: 'Whether it ran something else before.' }),
      }),
    )
    .max(32)
    .meta({ description: 'What is written where.', ...atomic }),
  stepsHash: text('Fingerprint of the steps that were judged in preflight.', 64),
  steps: count(1000, 'Number of steps.'),
});

export const plan = z
  .object({
    version: z.int().min(1).max(1000).meta({ description: 'Form of this plan.' }),
    hash: text('Fingerprint of the plan.', 64),
    targets: z
      .array(plannedTarget)
      .max(32)
      .meta({ description: 'What is delivered where.', ...atomic }),
    gates: z
      .array(gateBinding)
      .max(64)
      .meta({ description: 'Gates that are asked.', ...atomic }),
    bakeSeconds: count(604800, 'Covered time after full promotion.'),
    rollback: z.boolean().optional().meta({ description: 'A person takes it back: every step is skipped.' }),
  })
  .meta({ description: 'What was latched when Applying began.' });

const targetStatus = z.object({
  name: text('Name of the target.', 63),
  state: targetState.meta({ description: 'Where it stands.' }),
  since: time('When it came to stand there.'),
  reason: text('Why it ended, where somebody else took it away or over.', 64).optional(),
  step: count(1000, 'Step reached, counted as the Rollout does (from 0).').optional(),
  steps: count(1000, 'Number of steps.').optional(),
  weight: count(100, 'Percent of traffic on the new revision.').optional(),
  recorded: z
    .object({
      hash: text('Pod template hash of the revision to go back to.', 64),
      controllerRevision: text('ControllerRevision that keeps its template.', 253),
    })
    .optional()
    .meta({ description: 'What a revert brings back.' }),
  canaryHash: text('Pod template hash of the new revision.', 64).optional(),
  reachedAt: time(
    'When this step was seen reached, or full promotion: settling and the bake count from here.',
  ).optional(),
  bakedSeconds: count(604800, 'Covered time so far.').optional(),
  digests: z
    .array(z.object({ container: text('Container.', 63), digest: digest('What its image is.') }))
    .max(32)
    .optional()
    .meta({ description: 'Digests that pods run where only a tag was promoted.', ...listMap('container') }),
  templateRestoredAt: time(
    'Since when the recorded template is declared again; absent while the failed one is.',
  ).optional(),
  restores: count(1000, 'How often the recorded template was declared again.').optional(),
  restoredGeneration: count(
    2 ** 40,
    'metadata.generation of the Rollout at the last restore that is counted.',
  ).optional(),
  digestsStep: count(1000, 'Step at which the digests were read last.').optional(),
});

const sampleRecord = z.object({
  at: time('When it was asked.'),
  verdict: verdict.meta({ description: 'What it said.' }),
  value: z.number().optional().meta({ description: 'The number that was judged.' }),
});

/** Gates times targets of one promotion. */
export const MOST_RESULTS = 256;

const gateResult = z.object({
  gate: text('Name of the Gate, or `rollout` for the built-in one.', 253),
  when: text('When it is asked.', 16),
  target: text('Name of the target.', 63),
  step: count(1000, 'Step at which it was asked; the number of steps means the bake.').optional(),
  verdict: verdict.meta({ description: 'Pass, Fail, Inconclusive (no data) or Error (cannot see).' }),
  since: time('Since when.'),
  value: z.number().optional().meta({ description: 'The number that was judged last.' }),
  threshold: evidence('The condition that decided.').optional(),
  samples: z.number().optional().meta({
    description:
      'What `minSamples` counted of that look, or a compare gate of the canary: the `samples` of conditions.',
  }),
  sampleCount: count(1_000_000_000, 'Samples taken at this step when this was written.').optional(),
  failures: count(1000, 'Failed samples at this step.').optional(),
  sampledAt: time('When the sample was taken.').optional(),
  query: text('The query as it was sent.', 4608).optional(),
  message: evidence('What it means.'),
  gateGeneration: count(2 ** 40, 'metadata.generation of the Gate that was asked.').optional(),
  state: text('What a gate that counts over samples goes on from after a restart.', 512).optional(),
  recent: z
    .array(sampleRecord)
    .max(5)
    .optional()
    .meta({ description: 'The last samples, newest first.', ...atomic }),
});

const revert = z
  .object({
    reason: text('What failed, one word.', 64),
    message: text('The evidence.'),
    target: text('Target on which it failed.', 63).optional(),
    quarantine: z.boolean().meta({ description: 'Whether the images are known bad because of it.' }),
    sampledAt: time('When the sample that failed was taken.').optional(),
    detectedAt: time('When Sluice knew.'),
    commandedAt: time('When the API server had taken the abort, or the old template.').optional(),
    trafficRestoredAt: time('When no pod of the new revision served any more.').optional(),
    intentRestoredAt: time('When the recorded template was in force and proven.').optional(),
  })
  .meta({ description: 'The way back.' });

const bypassed = z.object({
  what: text('Freeze, Window, Soak or Upstream; or the name of a Gate, with `gate/` before it.', 260),
  by: text('Who let it pass, as the API server knew them.', 512),
  ticket: text('The ticket.', 128),
  reason: text('Why.'),
  at: time('When it was passed over.'),
});

const decisionRef = z.object({
  name: text('Name of the Decision.', 253),
  uid: text('Its UID.', 64),
  by: text('Who decided, as the API server knew them.', 512),
  verdict: text('What was decided.', 16),
  gate: text('On which Gate.', 253).optional(),
  at: time('When.'),
});

export const promotionStatus = z.object({
  observedGeneration: count(2 ** 40, 'metadata.generation that was last looked at.').optional(),
  revision: z.object({ images }).optional().meta({ description: 'What is promoted.' }),
  revisionDigest: digest('sha256 over the sorted lines `repository@digest`.').optional(),
  changedAt: time(
    'When the change was made, as the Environment named in from has it on record: lead time counts from here where the annotation sluice.dev/committed-at is absent.',
  ).optional(),
  plan: plan.optional(),
  summary: z
    .object({
      revision: text('Revision in short.', 253),
      step: text('Steps passed of all.', 16).optional(),
      weight: count(100, 'Percent of traffic on the new revision.').optional(),
      target: text('The least advanced target.', 63).optional(),
    })
    .optional()
    .meta({ description: 'For the columns of kubectl.' }),
  targets: z
    .array(targetStatus)
    .max(32)
    .optional()
    .meta({ description: 'Each target.', ...listMap('name') }),
  gates: z
    .array(gateResult)
    .max(MOST_RESULTS)
    .optional()
    .meta({ description: 'What each gate says.', ...listMap('gate', 'when', 'target') }),
  warnings: z
    .array(text('What it is, and what to do.'))
    .max(16)
    .optional()
    .meta({ description: 'What preflight found that keeps nothing from beginning.', ...atomic }),
  decisions: z
    .array(decisionRef)
    .max(64)
    .optional()
    .meta({
      description:
        'Decisions that were used: of approvals all that count; of others, where there are more, older ones that say so themselves are left out.',
      ...listMap('uid'),
    }),
  bypassed: z
    .array(bypassed)
    .max(64)
    .optional()
    .meta({
      description: 'What it has passed over, by a Bypass or as an Emergency.',
      ...listMap('what', 'at'),
    }),
  blockedBy: z
    .array(
      z.object({
        reason: text('One word.', 64),
        message: text('What to do.'),
        until: time('When it is looked at again without a change.').optional(),
      }),
    )
    .max(16)
    .optional()
    .meta({ description: 'Why not yet, and when next.', ...atomic }),
  revert: revert.optional(),
  audit: auditTrail(MOST_RECORDS).optional(),
  unpausedAt: time(
    'Since when neither a window nor a freeze pauses it any more: deadlines count from here.',
  ).optional(),
  startedAt: time('When Applying began.').optional(),
  completedAt: time('When it ended.').optional(),
  conditions,
});

export type RevisionImage = z.infer<typeof revisionImage>;
export type PromotionSpec = z.infer<typeof promotionSpec>;
export type PromotionStatus = z.infer<typeof promotionStatus>;
export type Plan = z.infer<typeof plan>;
export type PlannedTarget = z.infer<typeof plannedTarget>;
export type TargetState = z.infer<typeof targetState>;
export type TargetStatus = z.infer<typeof targetStatus>;
export type GateResult = z.infer<typeof gateResult>;
export type Bypassed = z.infer<typeof bypassed>;
export type Revert = z.infer<typeof revert>;
export type Promotion = Resource<PromotionSpec, PromotionStatus>;
