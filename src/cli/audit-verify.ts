import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ENVIRONMENTS, PROMOTIONS } from '../api/v1alpha1/names.ts';
import { parseEnvironment, parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { type Finding, verifyCluster, verifyLog } from '../audit/verify.ts';
import { KubeClient } from '../kube/client.ts';
import { loadKubeConfig } from '../kube/load-config.ts';
import { collectionPath } from '../kube/paths.ts';
import { systemClock } from '../runtime/clock.ts';

const USAGE = `sluice audit verify: checks the audit trails of promotions

  sluice audit verify [-n NAMESPACE] [--kubeconfig PATH] [--context NAME]   those in the cluster
  sluice audit verify --log FILE                                            those in the operator's log; - is stdin

Ends with 0 when every chain holds, with 1 when one does not, with 2 when it could not look.
`;

/** What to print, and the exit code. */
export interface Result {
  text: string;
  code: number;
}

/** `sluice audit verify`. */
export async function auditVerify(argv: readonly string[]): Promise<Result> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      namespace: { type: 'string', short: 'n' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      log: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    strict: true,
  });
  if (values.help) return { text: USAGE, code: 0 };
  if (values.log !== undefined) {
    const input = values.log === '-' ? process.stdin : createReadStream(values.log);
    return report(await verifyLog(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })));
  }
  const client = new KubeClient({
    config: loadKubeConfig({
      ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
      ...(values.context !== undefined && { context: values.context }),
    }),
    clock: systemClock,
  });
  const [promotions, environments] = await Promise.all([
    client.listAll<RawObject>(collectionPath(PROMOTIONS, values.namespace)),
    client.listAll<RawObject>(collectionPath(ENVIRONMENTS, values.namespace)),
  ]);
  return report(
    verifyCluster(
      promotions.flatMap((raw): Promotion[] => {
        const parsed = parsePromotion(raw);
        return parsed.ok ? [parsed.object] : [];
      }),
      environments.flatMap((raw): Environment[] => {
        const parsed = parseEnvironment(raw);
        return parsed.ok ? [parsed.object] : [];
      }),
    ),
  );
}

function report(findings: readonly Finding[]): Result {
  const lines = findings.map(({ promotion, records, faults, gone }) => {
    if (gone) return `${promotion}: deleted; its records are in the operator's log`;
    if (faults.length === 0) return `${promotion}: ${records} records, the chain holds`;
    return `${promotion}: BROKEN\n${faults.map((f) => `  ${f}`).join('\n')}`;
  });
  const broken = findings.filter((f) => f.faults.length > 0).length;
  const last = `${findings.length} promotions, ${broken} broken`;
  return { text: `${[...lines, last].join('\n')}\n`, code: broken > 0 ? 1 : 0 };
}
