import { z } from 'zod';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import { imageReference, imagesOf } from '../../promotion/revision.ts';
import { gateThatAsks } from '../asking.ts';
import { type Command, command } from '../command.ts';
import type { Context } from '../context.ts';
import { decide, DECIDING_FLAGS, decidingFlags, on } from '../deciding.ts';
import { CliError } from '../errors.ts';
import { isNotFound } from '../../kube/errors.ts';

const GATE_FLAG = ['--gate <name>', 'the approval gate; absent: the only one that asks'] as const;
const schema = decidingFlags.extend({ gate: z.string().optional() });

/** `kubectl sluice approve`. */
export const approve = command({
  usage: 'approve <promotion>',
  summary: 'be one of the persons that an approval gate asks for',
  details: 'Binds your approval to the digest that the promotion has now; it says what that is.',
  examples: [
    'kubectl sluice approve checkout-1.4.2-prod -n shop',
    'kubectl sluice approve checkout-1.4.2-prod -n shop --gate cab --reason CHG-4711',
  ],
  flags: [GATE_FLAG, ...DECIDING_FLAGS],
  schema,
  names: 'promotion',
  run: async (context, [name = ''], { gate: named, ...flags }) => {
    const promotion = await context.get('Promotion', name);
    const gate = await gateOf(context, promotion, named);
    const { revisionDigest } = promotion.status ?? {};
    if (revisionDigest === undefined)
      throw new CliError(`${name} has no digest yet, so there is nothing to approve: wait until it asks`);
    const images = imagesOf(promotion).map(imageReference).join(', ');
    if (!flags.output)
      context.io.out(
        `gate ${gate} of ${promotion.metadata.name}, to ${promotion.spec.environment}: ${images}\n`,
      );
    return decide(context, { verdict: 'Approve', ...on(promotion), gate, revisionDigest }, flags);
  },
});

/** `kubectl sluice reject`. */
export const reject = onGate(
  'Reject',
  'end a promotion at its approval gate',
  ' --reason "not before the audit"',
);

/** `kubectl sluice revoke`. */
export const revoke = onGate('Revoke', 'withdraw your own approval while the gate still asks');

function onGate(verdict: 'Reject' | 'Revoke', summary: string, more = ''): Command {
  const word = verdict.toLowerCase();
  return command({
    usage: `${word} <promotion>`,
    summary,
    examples: [`kubectl sluice ${word} checkout-1.4.2-prod -n shop${more}`],
    flags: [GATE_FLAG, ...DECIDING_FLAGS],
    schema,
    names: 'promotion',
    run: async (context, [name = ''], { gate: named, ...flags }) => {
      const promotion = await context.get('Promotion', name);
      const gate = await gateOf(context, promotion, named);
      return decide(context, { verdict, ...on(promotion), gate }, flags);
    },
  });
}

/** The approval gate that is meant. @throws CliError where none asks, or several do and none was named */
async function gateOf(context: Context, promotion: Promotion, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const environment = await context.get('Environment', promotion.spec.environment).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  return gateThatAsks({ promotion, environment, gates: await context.list('Gate') });
}
