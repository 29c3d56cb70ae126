import { z } from 'zod';
import { auditTrail, MOST_PLACE_RECORDS } from './audit.ts';
import { conditions } from './conditions.ts';
import {
  args,
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
import type { Resource } from './object.ts';

export const target = z.object({
  name: itemName(
    'Name of the target; it cannot change its Rollout under the same name while a promotion is in flight.',
  ),
  wave: count(99, 'Targets of a lower wave are delivered first; those of one wave side by side.').default(0),
  rollout: z
    .object({
      name: objectName('Name of the Rollout.'),
      namespace: itemName(
        'Its namespace, where it is another one: the Rollout then has to carry the annotation sluice.dev/allowed-environments with `<namespace>/<name>` of this Environment.',
      ).optional(),
    })
    .meta({ description: 'The Argo Rollout that delivers this target.' }),
  images: z
    .array(
      z.object({
        image: repository,
        container: itemName('Container that runs this image.'),
      }),
    )
    .min(1)
    .max(16)
    .optional()
    .meta({
      description: 'Which container runs which image; absent: containers whose repository matches.',
      ...listMap('container'),
    }),
});

/** A gate that every promotion passes, and when. */
export const gateBinding = z
  .object({
    gate: objectName('Name of a Gate in this namespace.'),
    when: z.enum(['Before', 'During', 'After']).meta({
      description:
        'Before: before anything is changed. During: at every step, and as a guard all the time between, bake included. After: after the bake, before it counts as good.',
    }),
    fromWeight: count(100, 'Asked at weights of so much per cent and more only; absent: at all.').optional(),
    targets: z.array(itemName('Name of a target.')).min(1).max(32).optional().meta({
      description: 'Targets on which it is asked; absent: all.',
      'x-kubernetes-list-type': 'set',
    }),
    args,
  })
  .meta(
    rules({
      rule: "!has(self.fromWeight) || self.when == 'During'",
      message: 'fromWeight is for gates that are asked During the rollout: leave it out, or set when: During',
    }),
  );

export const analysis = z
  .object({
    settleSeconds: seconds(0, 3600, 'After a step is reached, samples count from this time on.').default(30),
    minStepSeconds: seconds(0, 86400, 'A step lasts at least this long.').default(60),
    bakeSeconds: seconds(0, 604800, 'Covered time after full promotion before it counts as good.').default(
      300,
    ),
    maxBlindSeconds: seconds(1, 86400, 'Metrics unanswered for so long: see onBlind.').default(300),
    onBlind: z.enum(['Hold', 'Revert']).default('Hold').meta({
      description: 'After maxBlindSeconds: Hold pages and goes on by itself, Revert goes back.',
    }),
  })
  .prefault({})
  .meta({ description: 'Timing of the analysis.' });

export const rollback = z
  .object({
    onFail: z.enum(['Revert', 'Hold']).default('Revert').meta({
      description: 'What a failed gate does: Revert goes back, Hold pages and leaves it to a person.',
    }),
    deadlineSeconds: seconds(
      1,
      86400,
      'A revert not proven by then pages as RollbackBlocked, and goes on.',
    ).default(120),
  })
  .prefault({})
  .meta({ description: 'How a revert behaves.' });

/** A stretch of time that comes again and again. */
export const window = z.object({
  name: itemName('Name of the window.'),
  kind: z.enum(['Allow', 'Deny']).meta({
    description:
      'Allow: promotions begin only while such a window is on. Deny: none begins while it is on, whatever is allowed.',
  }),
  schedule: z
    .string()
    .min(9)
    .max(128)
    .regex(/^\S+( \S+){4}$/)
    .meta({
      description:
        'When it begins: the five fields of cron, on the clocks of timeZone. A start in the hour that they skip happens at its end, one in the hour that comes twice happens once.',
    }),
  durationSeconds: seconds(60, 2678400, 'How long it is on each time, as time elapses.'),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_+\-/]+$/)
    .optional()
    .meta({ description: 'IANA name, for example Europe/Zurich; absent: UTC.' }),
  onClose: z.enum(['Finish', 'Pause', 'Revert']).default('Finish').meta({
    description:
      'What is in flight when this window closes the Environment: Finish goes on, Pause keeps the weight until it opens again, Revert goes back. Of several windows the strictest counts.',
  }),
});

export const freeze = z
  .object({
    reason: text('Why, for people.'),
    until: time('When it ends by itself; absent: when it is taken out.').optional(),
  })
  .meta({
    description:
      'Nothing begins here and nothing advances; guards and reverts go on. The same by a person, on the record: a Decision with verdict Freeze.',
  });

const upstream = z
  .object({
    require: z.enum(['All', 'Any']).default('All').meta({
      description: 'All: verified in each of them. Any: in one of them.',
    }),
    environments: z
      .array(
        z.object({
          name: objectName('Name of an Environment in this namespace.'),
          soakSeconds: seconds(0, 2592000, 'It has to be good there for so long, undisturbed.').default(0),
        }),
      )
      .min(1)
      .max(8)
      .meta({ description: 'Where it has to be good first.', ...listMap('name') }),
  })
  .meta({
    description:
      'Where a revision has to be good before it may come here: every image digest in it is last good on some target there. Absent: the entry of a chain.',
  });

const maySkip = z.enum(['Freeze', 'Windows', 'Soak', 'Upstream', 'Approval']).meta({
  description:
    'Freeze and Windows: that the place is closed. Soak: the time it has to be good upstream. Upstream: that it has to be good there at all. Approval: the approval gates.',
});

export const environmentSpec = z
  .object({
    upstream: upstream.optional(),
    autoPromote: z.enum(['Never', 'WhenVerifiedUpstream']).default('Never').meta({
      description:
        'WhenVerifiedUpstream: Sluice applies a Promotion of what is verified upstream, once for each revision.',
    }),
    targets: z
      .array(target)
      .min(1)
      .max(32)
      .meta({
        description: 'What is promoted here, wave by wave.',
        ...listMap('name'),
      }),
    gates: z
      .array(gateBinding)
      .min(1)
      .max(32)
      .optional()
      .meta({
        description: 'Gates that every promotion here passes; a Promotion may add some, never remove one.',
        ...listMap('gate', 'when'),
      }),
    analysis,
    rollback,
    windows: z
      .array(window)
      .min(1)
      .max(16)
      .optional()
      .meta({
        description:
          'When promotions may begin here: while no Deny window is on, and one of the Allow windows, if there are any.',
        ...listMap('name'),
      }),
    freeze: freeze.optional(),
    emergency: z
      .object({
        maySkip: z
          .array(maySkip)
          .min(1)
          .max(5)
          .meta({ description: 'What it passes over.', 'x-kubernetes-list-type': 'set' }),
        followUpSeconds: seconds(
          60,
          2592000,
          'Somebody else approves it afterwards within so long, or it shows as overdue.',
        ).default(86400),
      })
      .optional()
      .meta({
        description:
          'What a Promotion with changeType Emergency may skip here, where a person has asked for it; absent: nothing.',
      }),
    concurrency: z.enum(['Queue', 'Replace', 'Reject']).default('Queue').meta({
      description:
        'While a target is taken: Queue waits, Replace lets only the newest wait, Reject ends at once as Busy. Emergencies and rollbacks wait under Reject too, and are replaced only by what is as urgent.',
    }),
    historyLimit: z
      .int()
      .min(0)
      .max(50)
      .default(20)
      .meta({ description: 'Entries of status.history kept for each target.' }),
  })
  .meta({ description: 'The policy of this place.' });

const revisionRef = z.object({
  revisionDigest: digest('Digest of the revision, see Promotion.'),
  images: z
    .array(text('Image reference.', 512))
    .max(32)
    .optional()
    .meta({ description: 'The images it consists of.' }),
  promotion: text('Promotion that brought it here.', 253),
  changedAt: time('When the change was made: see history.').optional(),
  since: time('Since when.'),
});

export const quarantineEntry = z.object({
  target: text('Target on which it failed.', 63),
  image: text('Image repository.', 255),
  digest: digest('The digest that is refused.'),
  revisionDigest: digest('Digest of the revision it came with: what a Release names.').optional(),
  reason: text('Why: the gate and its evidence.'),
  promotion: text('Promotion that failed.', 253),
  since: time('Since when.'),
});

const release = z.object({
  target: text('Name of the target.', 63),
  revisionDigest: digest('Digest of the revision that was released.'),
  decision: text('Name of the Decision.', 253),
  uid: text('Its UID.', 64),
  by: text('Who decided, as the API server knew them.', 512),
  at: time('When.'),
});

const decisionUsed = z.object({
  name: text('Name of the Decision.', 253),
  uid: text('Its UID.', 64),
  by: text('Who decided, as the API server knew them.', 512),
  verdict: text('What was decided.', 16),
  left: digest('Rollback: the revision that was taken back.').optional(),
  to: text(
    'Rollback: the revision that was brought back, with its digest, and the targets that it left out.',
    512,
  ).optional(),
  promotion: text('Approve: the emergency that it settles.', 253).optional(),
  until: time('Freeze: when it ends by itself.').optional(),
  at: time('When.'),
});

const historyEntry = z.object({
  promotion: text('Name of the Promotion.', 253),
  target: text('Name of the target.', 63),
  outcome: text('The reason that it ended with.', 64),
  revisionDigest: digest('Digest of the revision.').optional(),
  images: z
    .array(text('Image reference.', 512))
    .max(32)
    .optional()
    .meta({ description: 'The images that it brought to the target.' }),
  changedAt: time(
    'When the change was made: the annotation sluice.dev/committed-at of the Promotion, else what this Environment or one that it rises from has on record of its images, else its creation.',
  ).optional(),
  startedAt: time('When Applying began.').optional(),
  completedAt: time('When it ended.'),
  audit: text('Hash of the last record of its audit trail.', 64).optional(),
  rollback: text(
    'The Decision of the person who rolled back by it; absent: it brought a change.',
    253,
  ).optional(),
  failedAt: time(
    'When it was seen to fail, where it went back because of that; of a rollback by a person, when it was asked for.',
  ).optional(),
  restoredAt: time(
    'When the revision before was proven back; of a rollback by a person, when it was done.',
  ).optional(),
});

const dora = z.object({
  days: z.number().meta({ description: 'Days that the figures speak of: 30, or what the history spans.' }),
  deployments: count(10_000, 'Promotions that succeeded, but for rollbacks by a person.'),
  deploymentsPerDay: z.number().meta({ description: 'Deployment frequency.' }),
  leadTimeSeconds: count(
    2 ** 40,
    'Lead time for changes, median: from the change to its success here.',
  ).optional(),
  changeFailureRate: z
    .number()
    .optional()
    .meta({ description: 'Share of promotions that began and failed, or were rolled back by a person.' }),
  restoreSeconds: count(
    2 ** 40,
    'Time to restore, median: from a failure seen, or a rollback asked for, to the proof of the way back.',
  ).optional(),
});

export const environmentStatus = z.object({
  observedGeneration: count(2 ** 40, 'metadata.generation that was last looked at.').optional(),
  targets: z
    .array(
      z.object({
        name: text('Name of the target.', 63),
        current: revisionRef.optional().meta({ description: 'What is fully promoted.' }),
        lastGood: revisionRef.optional().meta({ description: 'What also passed its bake.' }),
        steadySince: time(
          'Since when lastGood has been undisturbed by drift or by a revert: what soaks counts from here. Absent while one of them lasts.',
        ).optional(),
        candidate: z
          .object({
            revisionDigest: digest('Digest of the revision.'),
            promotion: text('Promotion that brings it.', 253),
          })
          .optional()
          .meta({ description: 'What is in flight.' }),
        drift: z
          .object({
            expected: text('What was promoted.', 4096),
            found: text('What is declared or runs instead.', 4096),
            since: time('Since when.'),
          })
          .optional()
          .meta({ description: 'Somebody changed what was promoted, or its Rollout is gone.' }),
      }),
    )
    .max(32)
    .optional()
    .meta({ description: 'The truth about each target.', ...listMap('name') }),
  quarantine: z
    .array(quarantineEntry)
    .max(200)
    .optional()
    .meta({ description: 'Images known to be bad here.', ...listMap('target', 'image', 'digest') }),
  released: z
    .array(release)
    .max(200)
    .optional()
    .meta({ description: 'What was let out of quarantine, by whom.', ...listMap('uid') }),
  window: z
    .object({
      open: z.boolean().meta({ description: 'Whether promotions may begin now, as far as windows go.' }),
      reason: text('Why.'),
      nextOpen: time('When it opens again.').optional(),
      nextClose: time('When it closes next.').optional(),
    })
    .optional()
    .meta({ description: 'What the windows say; absent without any.' }),
  declaredWindows: z
    .object({
      hash: text('Tells these windows from others.', 64),
      since: time('Since when they were seen: a Bypass passes them that was made after that.'),
    })
    .optional()
    .meta({ description: 'spec.windows, and since when they stand as they do.' }),
  freeze: z
    .object({
      by: text('Who froze it; absent: spec.freeze did.', 512).optional(),
      reason: text('Why.'),
      until: time('When it ends by itself.').optional(),
    })
    .optional()
    .meta({ description: 'The freeze that is in force.' }),
  declaredFreeze: z
    .object({
      reason: text('Why.'),
      until: time('When it ends by itself.').optional(),
      since: time('Since when it was seen: a Bypass passes it that was made after that.'),
    })
    .optional()
    .meta({ description: 'spec.freeze, and since when.' }),
  autoPromote: z
    .object({
      heldBy: text('Who held it, as the API server knew them.', 512),
      reason: text('Why.'),
      message: text('What lets it go on.').optional(),
      since: time('Since when.'),
    })
    .optional()
    .meta({
      description:
        'A rollback by a person holds autoPromote until a Decision with verdict Resume and without promotion.',
    }),
  followUps: z
    .array(
      z.object({
        promotion: text('Name of the Promotion.', 253),
        uid: text('Its UID.', 64),
        by: text('Who asked for it.', 512),
        bypassedBy: z
          .array(text('Who let it pass.', 512))
          .max(64)
          .optional()
          .meta({ description: 'Who let it pass over something: none of them settles it.', ...atomic }),
        ticket: text('The incident.', 128),
        revisionDigest: text('What it brought, and what is to be approved.', 71).optional(),
        startedAt: time('When it began.').optional(),
        dueAt: time('Until when somebody else is to approve it.'),
      }),
    )
    .max(64)
    .optional()
    .meta({
      description: 'Emergencies that have skipped something, and wait to be approved afterwards.',
      ...listMap('uid'),
    }),
  decisions: z
    .array(decisionUsed)
    .max(64)
    .optional()
    .meta({
      description:
        'Decisions on this place that were used. Where there are more, older ones that say so themselves are left out.',
      ...listMap('uid'),
    }),
  history: z
    .array(historyEntry)
    .max(1600)
    .optional()
    .meta({ description: 'How promotions ended here, newest first.', ...atomic }),
  dora: dora
    .optional()
    .meta({ description: 'The four keys of DORA, from the history; absent before anything has ended.' }),
  audit: auditTrail(MOST_PLACE_RECORDS).optional(),
  conditions,
});

export type Target = z.infer<typeof target>;
export type EnvironmentWindow = z.infer<typeof window>;
export type Upstream = z.infer<typeof upstream>;
export type GateBinding = z.infer<typeof gateBinding>;
export type EnvironmentSpec = z.infer<typeof environmentSpec>;
export type EnvironmentStatus = z.infer<typeof environmentStatus>;
export type QuarantineEntry = z.infer<typeof quarantineEntry>;
export type Environment = Resource<EnvironmentSpec, EnvironmentStatus>;
