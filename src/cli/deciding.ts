import { z } from 'zod';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { DECISIONS } from '../api/v1alpha1/names.ts';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import type { Decision, DecisionSpec, Promotion } from '../api/v1alpha1/types.ts';
import { objectPath } from '../kube/paths.ts';
import { type Context, secondsOf } from './context.ts';
import { EXIT, type Exit } from './io.ts';
import { nameOf, output, OUTPUT_FLAG, printed } from './output.ts';
import { Patience } from './patience.ts';

/** Flags of every command that decides. */
export const DECIDING_FLAGS = [
  ['--reason <text>', 'why, for the record'],
  ['--ticket <id>', 'a ticket, for the record'],
  ['--timeout <duration>', 'wait so long for what becomes of it; 0 for not at all (default: 10s)'],
  ['--dry-run', 'let the API server check it, and store nothing'],
  OUTPUT_FLAG,
] as const;

export const decidingFlags = z.object({
  reason: z.string().optional(),
  ticket: z.string().optional(),
  timeout: z.string().default('10s'),
  dryRun: z.boolean().default(false),
  output,
});

const LOOK_MS = 250;

/**
 * Makes a Decision in the name of who asks, and says what became of it.
 * @returns `No` when Sluice has refused it; one that is not used yet is no refusal
 */
export async function decide(
  context: Context,
  spec: Omit<DecisionSpec, 'by'>,
  flags: z.infer<typeof decidingFlags>,
): Promise<Exit> {
  const { reason, ticket } = flags;
  const made = await context.create(
    'Decision',
    { generateName: `${spec.verdict.toLowerCase()}-` },
    {
      by: await context.whoami(),
      ...spec,
      ...(reason !== undefined && { reason }),
      ...(ticket !== undefined && { ticket }),
    },
    { dryRun: flags.dryRun },
  );
  const fated = flags.dryRun ? made : await fateOf(context, made, secondsOf(flags.timeout));
  const accepted = findCondition(fated as Decision, 'Accepted');
  if (!printed(context, flags.output, fated, [fated])) {
    context.io.out(`${nameOf(made)} created${flags.dryRun ? ' (server dry run)' : ''}\n`);
    if (accepted) context.io.out(`${accepted.reason}: ${accepted.message}\n`);
    else if (!flags.dryRun) context.io.out('not used yet: kubectl get decisions says what becomes of it\n');
  }
  return accepted?.status === 'False' ? EXIT.No : EXIT.Done;
}

/** The Decision as soon as it says what became of it, or as it is when the time is over. */
async function fateOf(context: Context, made: RawObject, seconds: number): Promise<RawObject> {
  const path = objectPath(DECISIONS, made.metadata.namespace, made.metadata.name);
  const patience = new Patience(context.io, seconds);
  let seen = made;
  while (await patience.pause(LOOK_MS)) {
    seen = (await patience.look(() => context.client.get<RawObject>(path), LOOK_MS)) ?? seen;
    const accepted = findCondition(seen as Decision, 'Accepted');
    if (accepted && accepted.status !== 'Unknown') break;
  }
  return seen;
}

/** How a Decision names the promotion that it is on. */
export function on({ metadata, spec }: Promotion): Pick<DecisionSpec, 'environment' | 'promotion'> {
  return { environment: spec.environment, promotion: { name: metadata.name, uid: metadata.uid } };
}
