import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { type Finding, verifyCluster } from '../../audit/verify.ts';
import { type Known, verifyLog } from '../../audit/verify-log.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { inWords } from '../errors.ts';
import { EXIT, type Exit } from '../io.ts';
import { DATA_FLAG, dataOutput, type Output, printed } from '../output.ts';

/** `kubectl sluice audit verify`. */
export const auditVerify = command({
  usage: 'audit verify',
  summary: 'check the audit trails of promotions and environments for any change, gap or reordering',
  details:
    'Ends with 0 when every chain holds, with 1 when one does not, with 2 when it could not look. A log is compared with the cluster, where that can be asked; all trails in it are checked, with -n those of that namespace.',
  examples: [
    'kubectl sluice audit verify -n shop',
    `kubectl logs -n sluice-system -l app.kubernetes.io/name=sluice --tail=-1 | sort -st'"' -k8,8 | kubectl sluice audit verify --log - -A`,
  ],
  flags: [
    ['--log <file>', "those in the operator's log, compared with the cluster; - is standard input"],
    ['--whole', 'with --log: nothing of that log was rotated away, so that a missing beginning is a fault'],
    DATA_FLAG,
  ],
  schema: z.object({ log: z.string().optional(), whole: z.boolean().optional(), output: dataOutput }),
  names: 'none',
  run: async (context, _, { log, whole = false, output }) => {
    if (log === undefined) {
      const { promotions, environments } = await asked(context);
      return report(context, output, verifyCluster(promotions, environments));
    }
    const input = log === '-' ? context.io.input : createReadStream(log);
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    const known = (): Promise<Known | undefined> =>
      asked(context).catch((error: unknown) => {
        context.io.err(
          `warning: not compared with the cluster, so that an end that is missing in the log does not show: ${inWords(error)}\n`,
        );
        return undefined;
      });
    const { namespace, allNamespaces } = context.flags;
    return report(
      context,
      output,
      await verifyLog(lines, { known, whole, namespace: allNamespaces ? undefined : namespace }),
    );
  },
});

async function asked(context: Context): Promise<Known> {
  const [promotions, environments] = await Promise.all([
    context.list('Promotion'),
    context.list('Environment'),
  ]);
  return { promotions, environments };
}

function report(context: Context, format: Output, findings: readonly Finding[]): Exit {
  const broken = findings.filter((f) => f.faults.length > 0).length;
  const environments = findings.filter((f) => f.about.startsWith('environment ')).length;
  const counts = { promotions: findings.length - environments, environments, broken };
  if (!printed(context, format, { ...counts, findings })) context.io.out(inLines(findings, counts));
  return broken > 0 ? EXIT.No : EXIT.Done;
}

function inLines(
  findings: readonly Finding[],
  { promotions, environments, broken }: { promotions: number; environments: number; broken: number },
): string {
  const lines = findings.map(({ about, records, faults, notes }) => {
    if (faults.length > 0)
      return `${about}: BROKEN\n${[...faults, ...notes].map((f) => `  ${f}`).join('\n')}`;
    if (records === 0) return `${about}: ${notes.join('; ') || 'nothing on record yet'}`;
    return `${about}: ${[`${records} records, the chain holds`, ...notes].join('; ')}`;
  });
  return `${[...lines, `${promotions} promotions, ${environments} environments, ${broken} broken`].join('\n')}\n`;
}
