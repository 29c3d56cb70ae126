import { z } from 'zod';
import { digestOf, repositoryOf } from '../../api/v1alpha1/images.ts';
import { COMMITTED_AT_ANNOTATION } from '../../api/v1alpha1/names.ts';
import { findCondition } from '../../api/v1alpha1/conditions.ts';
import type { RawObject } from '../../api/v1alpha1/parse.ts';
import type { PromotionSpec, RevisionImage } from '../../api/v1alpha1/types.ts';
import { fromRfc3339 } from '../../runtime/time.ts';
import { command } from '../command.ts';
import { bareName, type Context, secondsOf } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT, type Exit } from '../io.ts';
import { nameOf, output, OUTPUT_FLAG, printed } from '../output.ts';
import { Patience } from '../patience.ts';

/** Flags that say what is to run, where: of `promote` and of `diff`. */
export const REVISION_FLAGS = [
  ['--image <reference...>', 'image to bring: REPOSITORY:TAG@sha256:DIGEST; may be repeated'],
  ['--from <environment>', 'instead: what was last good there'],
  ['--target <name...>', 'target to deliver to; may be repeated; absent: all that one of the images matches'],
] as const;

export const revisionFlags = z.object({
  image: z.array(z.string()).optional(),
  from: z.string().optional(),
  target: z.array(z.string()).optional(),
});

const promoteFlags = revisionFlags.extend({
  name: z.string().optional(),
  reason: z.string().optional(),
  committedAt: z.string().optional(),
  emergency: z.boolean().default(false),
  ticket: z.string().optional(),
  justification: z.string().optional(),
  dryRun: z.boolean().default(false),
  wait: z.boolean().default(false),
  timeout: z.string().optional(),
  output,
});

/** `kubectl sluice promote`. */
export const promote = command({
  usage: 'promote <environment>',
  summary: 'order a revision into an Environment',
  details:
    'Applies a Promotion in your name. The digest of an image is what is promoted, the tag is for people. With --wait it ends with 0 when the revision is good there, with 1 when it is not, and with 2 when --timeout is over before: the promotion goes on then.',
  examples: [
    'kubectl sluice promote staging -n shop --image ghcr.io/acme/checkout:1.4.2@sha256:6f8f4a3c2b1e0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c',
    'kubectl sluice promote prod -n shop --from staging --reason "checkout 1.4.2" --wait',
    'kubectl sluice promote dev -n shop --image ghcr.io/acme/checkout:1.4.2 --committed-at "$(git log -1 --format=%cI)"',
  ],
  flags: [
    ...REVISION_FLAGS,
    ['--name <name>', 'name of the Promotion; absent: made of the image and the Environment'],
    ['--reason <text>', 'why, for the record'],
    ['--committed-at <time>', 'when the change was committed, RFC 3339: lead time counts from there'],
    ['--emergency', 'skip what the Environment lets an emergency skip; needs --ticket and --justification'],
    ['--ticket <id>', 'the incident'],
    ['--justification <text>', 'why it cannot wait'],
    ['--dry-run', 'let the API server check it, and store nothing'],
    ['--wait', 'say what happens to it until it has ended'],
    ['--timeout <duration>', 'wait no longer than this, for example 30m; absent: as long as it takes'],
    OUTPUT_FLAG,
  ],
  schema: promoteFlags,
  names: 'environment',
  run: async (context, [environment = ''], flags) => {
    const name = bareName('Environment', environment);
    if (flags.emergency && (!flags.ticket || !flags.justification))
      throw new CliError('an emergency says why: set --ticket and --justification');
    if (flags.timeout !== undefined && !flags.wait)
      throw new CliError('--timeout says how long to wait: set --wait as well');
    if (flags.committedAt !== undefined && fromRfc3339(flags.committedAt) === undefined)
      throw new CliError(
        `${flags.committedAt} is no time in RFC 3339: set what git log -1 --format=%cI prints`,
      );
    const revision = revisionOf(flags);
    const by = await context.whoami();
    const spec: Partial<PromotionSpec> = {
      environment: name,
      ...revision,
      // Machines ask for nobody in particular: the API server takes no system: name for a person.
      ...(!by.startsWith('system:') && { requestedBy: by }),
      ...(flags.reason !== undefined && { reason: flags.reason }),
      ...(flags.emergency && {
        changeType: 'Emergency',
        emergency: { ticket: flags.ticket ?? '', justification: flags.justification ?? '' },
      }),
    };
    const metadata = {
      ...(flags.name === undefined ? { generateName: prefixOf(name, spec) } : { name: flags.name }),
      ...(flags.committedAt !== undefined && {
        annotations: { [COMMITTED_AT_ANNOTATION]: flags.committedAt },
      }),
    };
    const made = await context.create('Promotion', metadata, spec, { dryRun: flags.dryRun });
    if (!printed(context, flags.output, made, [made]))
      context.io.out(`${nameOf(made)} created${flags.dryRun ? ' (server dry run)' : ''}\n`);
    if (flags.dryRun || !flags.wait) return EXIT.Done;
    return ended(context, made, flags);
  },
});

/** What is to run where, of the flags. @throws CliError where they do not say, or say it twice */
export function revisionOf({
  image,
  from,
  target,
}: z.infer<typeof revisionFlags>): Pick<PromotionSpec, 'revision' | 'from' | 'targets'> {
  if ((image === undefined) === (from === undefined))
    throw new CliError('say what is to run: --image REPOSITORY:TAG@DIGEST, or --from ENVIRONMENT');
  return {
    ...(image && { revision: { images: image.map(parsed) } }),
    ...(from !== undefined && { from: { environment: bareName('Environment', from) } }),
    ...(target && { targets: target }),
  };
}

function parsed(reference: string): RevisionImage {
  const image = repositoryOf(reference);
  const digest = digestOf(reference);
  const rest = (reference.split('@')[0] ?? '').slice(image.length + 1);
  if (rest === '' && digest === undefined)
    throw new CliError(`${reference} names no version: add :TAG, @sha256:DIGEST or both`);
  return { image, ...(rest !== '' && { tag: rest }), ...(digest !== undefined && { digest }) };
}

/** `checkout-1.4.2-prod-`: the API server adds five characters, so that the same may be tried again. */
export function prefixOf(environment: string, { revision, from }: Partial<PromotionSpec>): string {
  const [image] = revision?.images ?? [];
  const what = image
    ? [image.image.split('/').at(-1), image.tag ?? image.digest?.slice(7, 15)].join('-')
    : `from-${from?.environment ?? ''}`;
  const name = `${what}-${environment}`.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-');
  return `${name.replace(/^[^a-z0-9]+/, '').slice(0, 200)}-`;
}

const LOOK_MS = 1000;

/** Tells what becomes of a promotion until it has ended, the time is over, or the user has had enough. */
async function ended(context: Context, made: RawObject, flags: z.infer<typeof promoteFlags>): Promise<Exit> {
  const patience = new Patience(
    context.io,
    flags.timeout === undefined ? undefined : secondsOf(flags.timeout),
  );
  let said = '';
  do {
    const promotion = await patience.look(() => context.get('Promotion', made.metadata.name), LOOK_MS);
    if (!promotion) break;
    const succeeded = findCondition(promotion, 'Succeeded');
    const line = succeeded ? `${succeeded.reason}: ${succeeded.message}` : '';
    if (line !== said && !flags.output) context.io.out(`${line}\n`);
    said = line;
    if (promotion.status?.completedAt !== undefined)
      return succeeded?.status === 'True' ? EXIT.Done : EXIT.No;
  } while (await patience.pause(LOOK_MS));
  if (context.io.signal.aborted) return EXIT.Failed;
  throw new CliError(`timed out waiting for ${nameOf(made)}, which goes on${said === '' ? '' : `: ${said}`}`);
}
