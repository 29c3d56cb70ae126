import { z } from 'zod';
import { conditions } from './conditions.ts';
import {
  args,
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
export const gateBinding = z.object({
  gate: objectName('Name of a Gate in this namespace.'),
  when: z.enum(['During']).meta({
    description: 'During: at every step, and as a guard all the time between, bake included.',
  }),
  args,
});

export const analysis = z
  .object({
    settleSeconds: seconds(0, 3600, 'After a step is reached, samples count from this time on.').default(30),
    minStepSeconds: seconds(0, 86400, 'A step lasts at least this long.').default(60),
    bakeSeconds: seconds(0, 604800, 'Covered time after full promotion before it counts as good.').default(
      300,
    ),
    maxBlindSeconds: seconds(1, 86400, 'Metrics unanswered for so long: Holding pages (Stalled).').default(
      300,
    ),
  })
  .prefault({})
  .meta({ description: 'Timing of the analysis.' });

export const rollback = z
  .object({
    deadlineSeconds: seconds(
      1,
      86400,
      'A revert not proven by then pages as RollbackBlocked, and goes on.',
    ).default(120),
  })
  .prefault({})
  .meta({ description: 'How a revert behaves.' });

export const environmentSpec = z
  .object({
    targets: z
      .array(target)
      .min(1)
      .max(32)
      .meta({
        description: 'What is promoted here.',
        ...listMap('name'),
        ...rules({
          rule: 'self.size() <= 1',
          message: 'one target an Environment in this version: make one Environment for each Rollout',
        }),
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
  since: time('Since when.'),
});

export const quarantineEntry = z.object({
  target: text('Target on which it failed.', 63),
  image: text('Image repository.', 255),
  digest: digest('The digest that is refused.'),
  reason: text('Why: the gate and its evidence.'),
  promotion: text('Promotion that failed.', 253),
  since: time('Since when.'),
});

export const environmentStatus = z.object({
  observedGeneration: count(2 ** 40, 'metadata.generation that was last looked at.').optional(),
  targets: z
    .array(
      z.object({
        name: text('Name of the target.', 63),
        current: revisionRef.optional().meta({ description: 'What is fully promoted.' }),
        lastGood: revisionRef.optional().meta({ description: 'What also passed its bake.' }),
        candidate: z
          .object({
            revisionDigest: digest('Digest of the revision.'),
            promotion: text('Promotion that brings it.', 253),
          })
          .optional()
          .meta({ description: 'What is in flight.' }),
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
  conditions,
});

export type Target = z.infer<typeof target>;
export type GateBinding = z.infer<typeof gateBinding>;
export type EnvironmentSpec = z.infer<typeof environmentSpec>;
export type EnvironmentStatus = z.infer<typeof environmentStatus>;
export type QuarantineEntry = z.infer<typeof quarantineEntry>;
export type Environment = Resource<EnvironmentSpec, EnvironmentStatus>;
