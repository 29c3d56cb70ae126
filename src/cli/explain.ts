import { parseArgs } from 'node:util';
import { PROMOTIONS } from '../api/v1alpha1/names.ts';
import { parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import { readRecord } from '../audit/chain.ts';
import type { AuditRecord } from '../audit/records.ts';
import { rejudge, type Rejudged } from '../audit/rejudge.ts';
import { faultsOf } from '../audit/trail.ts';
import { KubeClient } from '../kube/client.ts';
import { loadKubeConfig } from '../kube/load-config.ts';
import { objectPath } from '../kube/paths.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Result } from './audit-verify.ts';

const USAGE = `sluice explain: what happened to a promotion and why, and whether its verdicts follow from their records

  sluice explain promotion/NAME [-n NAMESPACE] [--kubeconfig PATH] [--context NAME]

Ends with 0 when every verdict and the chain agree, with 1 when one does not, with 2 when it could not look.
`;

/** `sluice explain`. */
export async function explain(argv: readonly string[]): Promise<Result> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      namespace: { type: 'string', short: 'n', default: 'default' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
    strict: true,
  });
  if (values.help) return { text: USAGE, code: 0 };
  const [, name] = /^promotions?(?:\.sluice\.dev)?\/(.+)$/.exec(positionals[0] ?? '') ?? [];
  if (name === undefined || positionals.length !== 1)
    return { text: `say which: sluice explain promotion/NAME\n${USAGE}`, code: 2 };
  const client = new KubeClient({
    config: loadKubeConfig({
      ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
      ...(values.context !== undefined && { context: values.context }),
    }),
    clock: systemClock,
  });
  const raw = await client.get<RawObject>(objectPath(PROMOTIONS, values.namespace, name));
  const parsed = parsePromotion(raw);
  return parsed.ok ? explained(parsed.object) : { text: `${parsed.message}\n`, code: 2 };
}

/** The trail of a promotion in words, each verdict judged again. */
export function explained({ metadata, status }: Promotion): Result {
  const before: AuditRecord[] = [];
  const counts = { disagreed: 0, unjudged: 0 };
  const lines = (status?.audit?.records ?? []).flatMap((link): string[] => {
    const read = readRecord(link);
    if (!read) return ['  a record that cannot be read'];
    // What is in the chain was written by the operator; that it was is what the chain is checked for below.
    const record = read as typeof read & AuditRecord;
    const again = record.kind === 'Verdict' ? rejudge(record, before) : undefined;
    before.push(record);
    if (again?.agrees === false) counts.disagreed += 1;
    if (again && again.agrees === undefined) counts.unjudged += 1;
    return [`${read.at}  ${inWords(record)}`, ...(again ? [`${' '.repeat(26)}${judged(again)}`] : [])];
  });
  const faults = faultsOf(metadata.uid, status?.audit);
  const end = [
    conclusion(counts),
    ...(faults.length === 0 ? ['the chain holds'] : ['the chain is BROKEN', ...faults.map((f) => `  ${f}`)]),
  ];
  const title = `promotion ${metadata.namespace}/${metadata.name}`;
  return {
    text: `${[title, ...lines, '', ...end].join('\n')}\n`,
    code: counts.disagreed > 0 || faults.length > 0 ? 1 : 0,
  };
}

function judged(again: Rejudged): string {
  if (again.agrees === undefined) return `cannot be judged again: ${again.why}`;
  return `${again.agrees ? 'agrees' : 'DOES NOT AGREE'}: ${again.by}`;
}

function conclusion({ disagreed, unjudged }: { disagreed: number; unjudged: number }): string {
  if (disagreed > 0)
    return `${disagreed} of the verdicts ${disagreed === 1 ? 'does not follow from its record' : 'do not follow from their records'}`;
  if (unjudged === 0) return 'every verdict follows from its record';
  return `every verdict that can be judged again follows from its record, and ${unjudged} cannot be`;
}

function inWords(record: AuditRecord): string {
  switch (record.kind) {
    case 'State':
      return `${record.reason}: ${record.message}`;
    case 'Plan':
      return `plan ${record.plan}: ${record.targets.join('; ')}; gates ${record.gates.join(', ') || 'none'}; revision ${record.revisionDigest}`;
    case 'Decision':
      return `${record.by} decided ${record.verdict}${record.gate ? ` on gate ${record.gate}` : ''} (Decision ${record.name})`;
    case 'Bypass':
      return `${record.by} let it pass over ${record.what} (${record.ticket}): ${record.reason}`;
    case 'Verdict':
      return `gate ${record.gate} on ${record.target}, ${record.when}${record.step === undefined ? '' : `, step ${record.step}`}: ${record.verdict}: ${record.message}`;
    case 'Effect':
      return `${record.effect} on ${record.target}`;
    case 'Revert':
      return `revert ${record.stage} (${record.reason})`;
    default:
      return `a record of a kind that this version does not know`;
  }
}
