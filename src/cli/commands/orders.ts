import { z } from 'zod';
import { constraint } from '../../api/v1alpha1/decision.ts';
import type { DecisionVerdict } from '../../api/v1alpha1/types.ts';
import { bareName } from '../context.ts';
import { type Command, command } from '../command.ts';
import { decide, DECIDING_FLAGS, decidingFlags, on } from '../deciding.ts';
import { CliError } from '../errors.ts';

/* Orders on a promotion under way. */

function order(verdict: DecisionVerdict, summary: string): Command {
  const word = verdict.toLowerCase();
  return command({
    usage: `${word} <promotion>`,
    summary,
    examples: [`kubectl sluice ${word} checkout-1.4.2-prod -n shop --reason "see INC-42"`],
    flags: DECIDING_FLAGS,
    schema: decidingFlags,
    names: 'promotion',
    run: async (context, [name = ''], flags) =>
      decide(context, { verdict, ...on(await context.get('Promotion', name)) }, flags),
  });
}

/** `kubectl sluice abort`. */
export const abort = order('Abort', 'go back to the revision before, now');

/** `kubectl sluice hold`. */
export const hold = order('Hold', 'keep a promotion from advancing; its guards go on');

/** `kubectl sluice resume`. */
export const resume = command({
  usage: 'resume <promotion>',
  summary: 'let a promotion that is held go on, and judge its step anew',
  details:
    'With environment/NAME it lifts the hold on autoPromote that a rollback by a person has put on an Environment.',
  examples: [
    'kubectl sluice resume checkout-1.4.2-prod -n shop',
    'kubectl sluice resume environment/prod -n shop --reason "fixed in 1.4.3"',
  ],
  flags: DECIDING_FLAGS,
  schema: decidingFlags,
  names: 'promotion',
  run: async (context, [name = ''], flags) => {
    const subject = /^environments?[./]/.test(name)
      ? { environment: bareName('Environment', name) }
      : on(await context.get('Promotion', name));
    return decide(context, { verdict: 'Resume', ...subject }, flags);
  },
});

/** `kubectl sluice bypass`. */
export const bypass = command({
  usage: 'bypass <promotion>',
  summary: 'let a promotion pass over one gate or constraint, on the record',
  examples: [
    'kubectl sluice bypass checkout-1.4.2-prod -n shop --gate latency --ticket INC-42 --reason "the exporter is down, checked by hand"',
    'kubectl sluice bypass checkout-1.4.2-prod -n shop --constraint Window --ticket INC-42 --reason "fixes the outage"',
  ],
  flags: [
    ['--gate <name>', 'the gate to pass over'],
    ['--constraint <name>', `or: ${constraint.options.join(', ')}`],
    ...DECIDING_FLAGS,
  ],
  schema: decidingFlags.extend({ gate: z.string().optional(), constraint: constraint.optional() }),
  names: 'promotion',
  run: async (context, [name = ''], { gate, constraint: named, ...flags }) => {
    if ((gate === undefined) === (named === undefined))
      throw new CliError('a bypass passes over one thing: set --gate or --constraint');
    if (!flags.ticket || (flags.reason ?? '').length < 10)
      throw new CliError('a bypass is on the record: set --ticket, and a --reason of at least 10 characters');
    const promotion = await context.get('Promotion', name);
    return decide(context, { verdict: 'Bypass', ...on(promotion), gate, constraint: named }, flags);
  },
});
