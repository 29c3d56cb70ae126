import { z } from 'zod';
import { PROMOTIONS } from '../../api/v1alpha1/names.ts';
import { findCondition } from '../../api/v1alpha1/conditions.ts';
import type { Plan, Promotion } from '../../api/v1alpha1/types.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { objectPath } from '../../kube/paths.ts';
import { command } from '../command.ts';
import { bareName, type Context, secondsOf } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../io.ts';
import { DATA_FLAG, dataOutput, printed } from '../output.ts';
import { Patience } from '../patience.ts';
import { prefixOf, REVISION_FLAGS, revisionFlags, revisionOf } from './promote.ts';

const LOOK_MS = 250;
const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' };

/** What `-o` prints. Told in docs/kubectl-plugin.md. */
interface Answer {
  environment: string;
  reason: string;
  message: string;
  targets: readonly Target[];
  gates: readonly { gate: string; when: string }[];
  blockedBy: readonly { reason: string; message: string }[];
  warnings: readonly string[];
}

interface Target {
  target: string;
  rollout: string;
  steps: number;
  /** Containers that would run something else; `before` is absent where who asks may not see it. */
  changes: readonly { container: string; before?: string; after: string }[];
}

/** `kubectl sluice diff`. */
export const diff = command({
  usage: 'diff <environment>',
  summary: 'what a promotion would change, and what is in its way now',
  details:
    'Asks Sluice itself, by a Promotion with dryRun that is deleted again. Ends with 0 when nothing would change, with 1 when something would, with 2 when it cannot be promoted.',
  examples: [
    'kubectl sluice diff prod -n shop --from staging',
    'kubectl sluice diff prod -n shop --image ghcr.io/acme/checkout:1.4.3',
  ],
  flags: [
    ...REVISION_FLAGS,
    ['--timeout <duration>', 'wait so long for the answer (default: 30s)'],
    DATA_FLAG,
  ],
  schema: revisionFlags.extend({ timeout: z.string().default('30s'), output: dataOutput }),
  names: 'environment',
  run: async (context, [environment = ''], flags) => {
    const name = bareName('Environment', environment);
    const spec = { environment: name, ...revisionOf(flags), dryRun: true, ttlSecondsAfterFinished: 300 };
    const made = await context.create('Promotion', { generateName: `diff-${prefixOf(name, spec)}` }, spec);
    try {
      const promotion = await answerOf(context, made.metadata.name, secondsOf(flags.timeout));
      const said = findCondition(promotion, 'Succeeded');
      const { plan, blockedBy = [], warnings = [] } = promotion.status ?? {};
      const answer: Answer = {
        environment: name,
        reason: said?.reason ?? '',
        message: said?.message ?? '',
        targets: plan ? await targetsOf(context, plan) : [],
        gates: onceEach(plan?.gates ?? []),
        blockedBy: blockedBy.map(({ reason, message }) => ({ reason, message })),
        warnings,
      };
      if (!printed(context, flags.output, answer)) context.io.out(inLines(answer, plan !== undefined));
      if (said?.reason === 'AlreadyDone') return EXIT.Done;
      return plan ? EXIT.No : EXIT.Failed;
    } finally {
      await context.client.delete(objectPath(PROMOTIONS, context.namespace, made.metadata.name));
    }
  },
});

async function answerOf(context: Context, name: string, seconds: number): Promise<Promotion> {
  const patience = new Patience(context.io, seconds);
  let last: Promotion | undefined;
  do {
    last = (await patience.look(() => context.get('Promotion', name), LOOK_MS)) ?? last;
    if (last?.status?.completedAt !== undefined) return last;
  } while (await patience.pause(LOOK_MS));
  const said = last && findCondition(last, 'Succeeded');
  throw new CliError(
    said
      ? `it would wait: ${said.reason}: ${said.message}`
      : 'nobody has looked at it: is the operator running, and does it work in this namespace?',
  );
}

interface Rollout {
  spec?: { template?: { spec?: { containers?: readonly { name: string; image: string }[] } } };
}

/** Each container that would run something else. */
function targetsOf(context: Context, plan: Plan): Promise<Target[]> {
  return Promise.all(
    plan.targets.map(async ({ name, rollout, images, steps }) => {
      const changed = images.filter((i) => i.changed);
      const place = { target: name, rollout: rollout.name, steps };
      if (changed.length === 0) return { ...place, changes: [] };
      const path = objectPath(ROLLOUTS, rollout.namespace ?? context.namespace, rollout.name);
      const found = await context.client.get<Rollout>(path).catch((error: unknown) => {
        // Who may promote need not be allowed to read Rollouts.
        if (isForbidden(error) || isNotFound(error)) return undefined;
        throw error;
      });
      const containers = found?.spec?.template?.spec?.containers ?? [];
      const changes = changed.map(({ container, image: after }) => {
        const before = containers.find((c) => c.name === container)?.image;
        return { container, ...(before !== undefined && { before }), after };
      });
      return { ...place, changes };
    }),
  );
}

/** A plan has a gate once for each target. */
function onceEach(gates: Plan['gates']): Answer['gates'] {
  return [...new Map(gates.map(({ gate, when }) => [`${gate} ${when}`, { gate, when }])).values()];
}

/** As a diff. */
function inLines(
  { reason, message, targets, gates, blockedBy, warnings }: Answer,
  isPlanned: boolean,
): string {
  const changes = targets
    .filter((t) => t.changes.length > 0)
    .flatMap(({ target, rollout, steps, changes: of }) => [
      `  target ${target}: Rollout ${rollout}, ${steps} steps`,
      ...of.flatMap(({ container, before, after }) => [
        ...(before === undefined ? [] : [`-   ${container}: ${before}`]),
        `+   ${container}: ${after}`,
      ]),
    ]);
  const bound = gates.map((g) => `${g.gate} (${g.when})`).join(', ');
  return [
    ...changes,
    ...(isPlanned ? [`  gates: ${bound || 'none'}`] : []),
    `${reason}: ${message}`,
    ...blockedBy.map((b) => `  in its way: ${b.reason}: ${b.message}`),
    ...warnings.map((w) => `  warning: ${w}`),
    '',
  ].join('\n');
}
