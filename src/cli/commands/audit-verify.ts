import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { type Finding, verifyCluster, verifyLog } from '../../audit/verify.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, type Exit } from '../io.ts';

/** `kubectl sluice audit verify`. */
export const auditVerify = command({
  usage: 'audit verify',
  summary: 'check the audit trails of promotions for any change, gap or reordering',
  details: 'Ends with 0 when every chain holds, with 1 when one does not, with 2 when it could not look.',
  examples: [
    'kubectl sluice audit verify -n shop',
    `kubectl logs -n sluice-system -l app.kubernetes.io/name=sluice --tail=-1 | sort -st'"' -k8,8 | kubectl sluice audit verify --log -`,
  ],
  flags: [['--log <file>', "those in the operator's log, instead of the cluster; - is standard input"]],
  schema: z.object({ log: z.string().optional() }),
  names: 'none',
  run: async (context, _, { log }) => {
    if (log !== undefined) {
      const input = log === '-' ? context.io.input : createReadStream(log);
      const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
      return report(context, await verifyLog(lines));
    }
    const [promotions, environments] = await Promise.all([
      context.list('Promotion'),
      context.list('Environment'),
    ]);
    return report(context, verifyCluster(promotions, environments));
  },
});

function report({ io }: Context, findings: readonly Finding[]): Exit {
  const lines = findings.map(({ promotion, records, faults, gone }) => {
    if (gone) return `${promotion}: deleted; its records are in the operator's log`;
    if (faults.length === 0) return `${promotion}: ${records} records, the chain holds`;
    return `${promotion}: BROKEN\n${faults.map((f) => `  ${f}`).join('\n')}`;
  });
  const broken = findings.filter((f) => f.faults.length > 0).length;
  const last = `${findings.length} promotions, ${broken} broken`;
  io.out(`${[...lines, last].join('\n')}\n`);
  return broken > 0 ? EXIT.No : EXIT.Done;
}
