import { z } from 'zod';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import { readRecord } from '../../audit/chain.ts';
import type { AuditRecord } from '../../audit/records.ts';
import { type Placed, rejudge, type Rejudged } from '../../audit/rejudge.ts';
import { faultsOf } from '../../audit/trail.ts';
import { command } from '../command.ts';
import { EXIT, type Exit } from '../io.ts';
import { DATA_FLAG, dataOutput, printed } from '../output.ts';

type Targets = NonNullable<Promotion['status']>['targets'];
type Verdict = Extract<AuditRecord, { kind: 'Verdict' }>;

/** `kubectl sluice explain`. */
export const explain = command({
  usage: 'explain <promotion>',
  summary: 'what happened to a promotion and why, and whether its verdicts follow from their records',
  details:
    'Ends with 0 when every verdict and the chain agree, with 1 when one does not, with 2 when it could not look.',
  examples: ['kubectl sluice explain checkout-1.4.2-prod -n shop'],
  flags: [DATA_FLAG],
  schema: z.object({ output: dataOutput }),
  names: 'promotion',
  run: async (context, [name = ''], { output }) => {
    const { text, data, exit } = explained(await context.get('Promotion', name));
    if (!printed(context, output, data)) context.io.out(text);
    return exit;
  },
});

/** The trail of a promotion in words and as data, each verdict judged again. */
export function explained({ metadata, status }: Promotion): { text: string; data: object; exit: Exit } {
  const before: Placed[] = [];
  const counts = { disagreed: 0, unjudged: 0 };
  const records: object[] = [];
  const lines = (status?.audit?.records ?? []).flatMap((link): string[] => {
    const read = readRecord(link);
    if (!read) {
      records.push({ unreadable: link.record });
      return ['  a record that cannot be read'];
    }
    // What is in the chain was written by the operator; that it was is what the chain is checked for below.
    const record = read as typeof read & AuditRecord;
    const again = record.kind === 'Verdict' ? rejudge(record, before) : undefined;
    before.push(record);
    records.push({ ...record, ...(again && { rejudged: again }) });
    if (again?.agrees === false) counts.disagreed += 1;
    if (again && again.agrees === undefined) counts.unjudged += 1;
    return [
      `${read.at}  ${inWords(record, status?.targets)}`,
      ...(again ? [`${' '.repeat(26)}${judged(again)}`] : []),
    ];
  });
  const faults = faultsOf(metadata.uid, status?.audit);
  const end = [
    conclusion(counts),
    ...(faults.length === 0 ? ['the chain holds'] : ['the chain is BROKEN', ...faults.map((f) => `  ${f}`)]),
  ];
  const title = `promotion ${metadata.namespace}/${metadata.name}`;
  return {
    text: `${[title, ...lines, '', ...end].join('\n')}\n`,
    data: { namespace: metadata.namespace, promotion: metadata.name, records, ...counts, faults },
    exit: counts.disagreed > 0 || faults.length > 0 ? EXIT.No : EXIT.Done,
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

function ordered(record: Extract<AuditRecord, { kind: 'Order' }>): string {
  const { requestedBy, orderedBy, decision, changeType, revisionDigest, images, from } = record;
  const who =
    orderedBy === undefined
      ? (requestedBy ?? 'nobody in particular')
      : `${orderedBy} (Decision ${decision ?? ''})`;
  const what = images.length > 0 ? images.join(', ') : `what is good in ${from ?? 'another Environment'}`;
  return [
    `${who} ordered ${what} for ${record.environment}, ${changeType}`,
    ...(revisionDigest === undefined ? [] : [`; revision ${revisionDigest}`]),
    ...(record.ticket === undefined ? [] : [` (${record.ticket}): ${record.justification ?? ''}`]),
    ...(record.reason === undefined ? [] : [`; ${record.reason}`]),
  ].join('');
}

function decided(record: Extract<AuditRecord, { kind: 'Decision' }>): string {
  const { by, verdict, gate, constraint, ticket, reason } = record;
  const on = gate === undefined ? constraint && ` of ${constraint}` : ` on gate ${gate}`;
  const why = [ticket, reason].filter((t) => t !== undefined && t !== '').join(', ');
  return `${by} decided ${verdict}${on ?? ''} (Decision ${record.name})${why && `: ${why}`}`;
}

/** Where a gate was asked, as messages count: steps from 1, and then full promotion. The record counts as the Rollout does. */
function place({ when, step, target }: Verdict, targets: Targets): string {
  if (step === undefined) return when;
  const steps = targets?.find(({ name }) => name === target)?.steps;
  if (steps === undefined) return `${when}, step ${step + 1}`;
  return `${when}, ${step < steps ? `step ${step + 1} of ${steps}` : 'full promotion'}`;
}

function inWords(record: AuditRecord, targets: Targets): string {
  switch (record.kind) {
    case 'State':
      return `${record.reason}: ${record.message}`;
    case 'Plan':
      return `plan ${record.plan}: ${record.targets.join('; ')}; gates ${record.gates.join(', ') || 'none'}; revision ${record.revisionDigest}`;
    case 'Order':
      return ordered(record);
    case 'Revision':
      return `revision ${record.revisionDigest ?? 'not known'}: ${record.images.join(', ')}`;
    case 'Decision':
      return decided(record);
    case 'Cut':
      return `the records up to number ${record.upTo} were let go of: they are in the operator's log`;
    case 'Bypass':
      return `${record.by} let it pass over ${record.what} (${record.ticket}): ${record.reason}`;
    case 'Verdict':
      return `gate ${record.gate} on ${record.target}, ${place(record, targets)}: ${record.verdict}: ${record.message}`;
    case 'Effect':
      return `${record.effect} on ${record.target}`;
    case 'Revert':
      return `revert ${record.stage} (${record.reason})`;
    default:
      return `a record of a kind that this version does not know`;
  }
}
