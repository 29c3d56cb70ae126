import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { faultsIn, type Link, readRecord } from './chain.ts';
import { faultsOf } from './trail.ts';

/** What was found of one promotion's trail. */
export interface Finding {
  /** `namespace/name`, or the UID where only a log tells of it. */
  promotion: string;
  records: number;
  /** In words; empty: the chain holds. */
  faults: readonly string[];
  /** Its object is gone: the Environment's history has the hash of its last record, the records are in the log. */
  gone?: true;
}

type HistoryEntry = NonNullable<NonNullable<Environment['status']>['history']>[number];

/** What an Environment has on record of this promotion's end. */
function entryOf(
  environments: readonly Environment[],
  { metadata, spec, status }: Promotion,
): HistoryEntry | undefined {
  const place = environments.find(
    (e) => e.metadata.namespace === metadata.namespace && e.metadata.name === spec.environment,
  );
  return place?.status?.history?.find(
    (h) => h.promotion === metadata.name && h.completedAt === status?.completedAt,
  );
}

/** Checks every trail in the cluster, each against itself and against what its Environment has on record of its end. */
export function verifyCluster(
  promotions: readonly Promotion[],
  environments: readonly Environment[],
): Finding[] {
  const present = promotions.map((promotion): Finding => {
    const { metadata, status } = promotion;
    const faults = faultsOf(metadata.uid, status?.audit, entryOf(environments, promotion)?.audit);
    const isMissing = status?.startedAt !== undefined && !status.audit;
    return {
      promotion: `${metadata.namespace}/${metadata.name}`,
      records: status?.audit?.records.length ?? 0,
      faults: isMissing ? ['it has begun, and has no trail'] : faults,
    };
  });
  const gone = environments.flatMap(({ metadata, status }) =>
    (status?.history ?? []).flatMap((h): Finding[] => {
      const isThere = promotions.some(
        (p) => p.metadata.namespace === metadata.namespace && p.metadata.name === h.promotion,
      );
      return isThere
        ? []
        : [{ promotion: `${metadata.namespace}/${h.promotion}`, records: 0, faults: [], gone: true }];
    }),
  );
  const once = new Map(gone.map((finding) => [finding.promotion, finding]));
  return [...present, ...once.values()];
}

interface Logged extends Link {
  uid: string;
}

/** The audit record in a line of the operator's log; undefined for other lines, and for those of other programs. */
function recordIn(line: string): Logged | undefined {
  if (!line.includes('"audit"')) return undefined;
  try {
    const { audit }: { audit?: Partial<Logged> } = JSON.parse(line);
    const { uid, record, hash } = audit ?? {};
    return uid !== undefined && record !== undefined && hash !== undefined
      ? { uid, record, hash }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks the trails in a log, however long it is. A record that was logged twice (the answer to its write was lost, and
 * it was written again) counts once. Of a log whose beginning was rotated away the first record is taken as it stands.
 */
export async function verifyLog(lines: AsyncIterable<string>): Promise<Finding[]> {
  const trails = new Map<string, Logged[]>();
  for await (const line of lines) {
    const record = recordIn(line);
    if (!record) continue;
    const trail = trails.get(record.uid) ?? [];
    trails.set(record.uid, trail);
    if (trail.at(-1)?.hash !== record.hash) trail.push(record);
  }
  return [...trails].map(([uid, links]) => {
    const [first] = links;
    const seq = (first && readRecord(first)?.seq) ?? 1;
    const faults =
      first && seq > 1
        ? faultsIn(uid, links.slice(1), { cut: { seq, hash: first.hash } })
        : faultsIn(uid, links);
    return { promotion: uid, records: links.length, faults };
  });
}
