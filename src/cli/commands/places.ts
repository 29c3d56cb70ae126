import { z } from 'zod';
import type { Environment } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import { bareName, secondsOf } from '../context.ts';
import { decide, DECIDING_FLAGS, decidingFlags } from '../deciding.ts';
import { CliError } from '../errors.ts';
import { labelOf } from '../picture.ts';

/* Decisions on an Environment. */

const TARGET_FLAG = ['--target <name>', 'the target; absent: the only one'] as const;

/** `kubectl sluice rollback`. */
export const rollback = command({
  usage: 'rollback <environment>',
  summary: 'bring back what was good before, or a revision of the history, without canary',
  details:
    'Without --to: what was last good where something newer is promoted or on its way, else what was good before that; it says which. Sluice makes a Promotion of it, which asks no gate and heeds no window, and holds autoPromote until `kubectl sluice resume environment/NAME`.',
  examples: [
    'kubectl sluice rollback prod -n shop --reason INC-42',
    'kubectl sluice rollback prod -n shop --target checkout --to checkout:1.4.1',
  ],
  flags: [
    TARGET_FLAG,
    ['--to <revision>', 'its name or the head of its digest, as `kubectl sluice history` shows them'],
    ...DECIDING_FLAGS,
  ],
  schema: decidingFlags.extend({ target: z.string().optional(), to: z.string().optional() }),
  names: 'environment',
  run: async (context, [name = ''], { target: named, to, ...flags }) => {
    const environment = await context.get('Environment', name);
    const target = targetOf(environment, named);
    const revisionDigest = to === undefined ? undefined : revisionIn(environment, target, to);
    return decide(
      context,
      { verdict: 'Rollback', environment: environment.metadata.name, target, revisionDigest },
      flags,
    );
  },
});

/** `kubectl sluice release`. */
export const release = command({
  usage: 'release <environment>',
  summary: 'let a revision out of quarantine',
  examples: [
    'kubectl sluice release prod -n shop --reason "the dashboard was wrong"',
    'kubectl sluice release prod -n shop --revision 6f8f4a3c2b1e',
  ],
  flags: [
    TARGET_FLAG,
    ['--revision <digest>', 'head of the digest of the revision; absent: the only one'],
    ...DECIDING_FLAGS,
  ],
  schema: decidingFlags.extend({ target: z.string().optional(), revision: z.string().optional() }),
  names: 'environment',
  run: async (context, [name = ''], { target: named, revision, ...flags }) => {
    const environment = await context.get('Environment', name);
    const entries = (environment.status?.quarantine ?? []).filter(
      (q) =>
        (named === undefined || q.target === named) &&
        (revision === undefined ||
          q.revisionDigest?.replace('sha256:', '').startsWith(revision.replace('sha256:', ''))),
    );
    const found = new Map(entries.map((q) => [`${q.target} ${q.revisionDigest}`, q]));
    const [first, ...others] = found.values();
    if (!first?.revisionDigest)
      throw new CliError(
        `nothing of that is in quarantine in ${name}: see kubectl describe environment ${name}`,
      );
    if (others.length > 0)
      throw new CliError(
        `several are in quarantine: say which with --target and --revision:\n${[first, ...others].map((q) => `  --target ${q.target} --revision ${q.revisionDigest?.slice(7, 19)}   ${q.image}, by ${q.promotion}: ${q.reason}`).join('\n')}`,
      );
    const { target, revisionDigest } = first;
    return decide(
      context,
      { verdict: 'Release', environment: environment.metadata.name, target, revisionDigest },
      flags,
    );
  },
});

/** `kubectl sluice freeze`. */
export const freeze = command({
  usage: 'freeze <environment>',
  summary: 'let nothing begin and nothing advance for a while; guards and reverts go on',
  examples: ['kubectl sluice freeze prod -n shop --until 4h --reason "database migration"'],
  flags: [
    ['--until <when>', 'a duration such as 4h, or a time in RFC 3339; at most 30 days'],
    ...DECIDING_FLAGS,
  ],
  schema: decidingFlags.extend({ until: z.string({ error: 'a freeze ends: say when, for example 4h' }) }),
  names: 'environment',
  run: async (context, [name = ''], { until, ...flags }) => {
    if (flags.reason === undefined) throw new CliError('a freeze says why: set --reason');
    const environment = bareName('Environment', name);
    return decide(
      context,
      { verdict: 'Freeze', environment, until: instantOf(until, context.io.clock.now()) },
      flags,
    );
  },
});

/** `kubectl sluice thaw`. */
export const thaw = command({
  usage: 'thaw <environment>',
  summary: 'end a freeze that a person has decided',
  examples: ['kubectl sluice thaw prod -n shop'],
  flags: DECIDING_FLAGS,
  schema: decidingFlags,
  names: 'environment',
  run: (context, [name = ''], flags) =>
    decide(context, { verdict: 'Thaw', environment: bareName('Environment', name) }, flags),
});

function instantOf(until: string, now: number): string {
  const at = /^\d{4}-/.test(until) ? Date.parse(until) : now + secondsOf(until) * 1000;
  if (Number.isNaN(at)) throw new CliError(`${until} is no time: say 4h, or 2026-01-02T03:04:05Z`);
  return new Date(at).toISOString();
}

function targetOf({ metadata, spec }: Environment, named: string | undefined): string {
  const names = spec.targets.map((t) => t.name);
  const found = named ?? (names.length === 1 ? names[0] : undefined);
  if (found === undefined || !names.includes(found))
    throw new CliError(
      `Environment ${metadata.name} has the targets ${names.join(', ')}: name one with --target`,
    );
  return found;
}

/** The digest of a revision of the history. @throws CliError where the words fit none, or several */
function revisionIn({ status }: Environment, target: string, to: string): string {
  const head = to.replace('sha256:', '');
  const fits = (status?.history ?? []).flatMap(({ target: of, revisionDigest, images }) =>
    of === target &&
    revisionDigest !== undefined &&
    (revisionDigest.slice(7).startsWith(head) || labelOf({ images, revisionDigest }) === to)
      ? [revisionDigest]
      : [],
  );
  const [first, ...others] = new Set(fits);
  if (first === undefined || others.length > 0)
    throw new CliError(
      `${to} is ${first === undefined ? 'no revision' : 'more than one revision'} in the history of ${target}: see kubectl sluice history`,
    );
  return first;
}
