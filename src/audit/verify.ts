import type { Audit, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { readRecord } from './chain.ts';
import { faultsOf } from './kept.ts';

/** What was found of one trail. */
export interface Finding {
  /** `namespace/name` of a promotion, `environment namespace/name`, or the UID where only a log tells of it. */
  about: string;
  records: number;
  /** In words; empty: the chain holds. */
  faults: readonly string[];
  /** What is worth knowing and no fault. */
  notes: readonly string[];
}

export type HistoryEntry = NonNullable<NonNullable<Environment['status']>['history']>[number];
type Read = NonNullable<ReturnType<typeof readRecord>>;

/** The place that a promotion's finding goes by. */
export const nameOf = ({ metadata }: Pick<Promotion, 'metadata'>): string =>
  `${metadata.namespace}/${metadata.name}`;

/** What can be read of a trail. */
export function read(audit: Audit | undefined): Read[] {
  return (audit?.records ?? []).flatMap((link) => readRecord(link) ?? []);
}

/** What an Environment has on record of this promotion's end. */
function entryOf(environments: readonly Environment[], promotion: Promotion): HistoryEntry | undefined {
  const { metadata, spec, status } = promotion;
  const place = environments.find(
    (e) => e.metadata.namespace === metadata.namespace && e.metadata.name === spec.environment,
  );
  return place?.status?.history?.find(
    (h) => h.promotion === metadata.name && h.completedAt === status?.completedAt,
  );
}

/** Something that a status says, and the record that it is to have. */
interface Said {
  what: string;
  at: string;
  isToldBy: (record: Read) => boolean;
}

/** Clocks differ: of what is hardly younger than the oldest record that is kept the record may be gone. */
const SLACK_MS = 5 * 60 * 1000;

/** What a status says and no record tells of, as far as its record would be kept. */
function untold(audit: Audit | undefined, said: readonly Said[]): string[] {
  const records = read(audit);
  const oldest = audit?.cut ? Date.parse(records[0]?.at ?? '') + SLACK_MS : Number.NEGATIVE_INFINITY;
  return said
    .filter(({ at, isToldBy }) => !(Date.parse(at) <= oldest) && !records.some(isToldBy))
    .map(({ what }) => `${what} stands in its status, and no record tells of it`);
}

/** Decisions that a status says were used. */
function decided(
  decisions: readonly { name: string; uid: string; by: string; verdict: string; at: string }[],
): Said[] {
  return decisions.map(({ name, uid, by, verdict, at }) => ({
    what: `${verdict} by ${by} (Decision ${name})`,
    at,
    isToldBy: (r) =>
      r['kind'] === 'Decision' &&
      r['uid'] === uid &&
      r['verdict'] === verdict &&
      (r['by'] === by || r['short'] === true),
  }));
}

/** The trail of a promotion, against itself, its status, and what its Environment has on record of its end. */
function ofPromotion(promotion: Promotion, environments: readonly Environment[]): Finding {
  const { metadata, status } = promotion;
  const audit = status?.audit;
  const isMissing = status?.conditions !== undefined && !audit;
  const faults = [
    ...faultsOf(metadata.uid, audit, entryOf(environments, promotion)?.audit),
    ...untold(audit, decided(status?.decisions ?? [])),
  ];
  return {
    about: nameOf(promotion),
    records: audit?.records.length ?? 0,
    faults: isMissing ? ['it was looked at, and has no trail'] : faults,
    notes: [],
  };
}

const keyOf = ({ target, image, digest }: Partial<Record<string, unknown>>): string =>
  `${String(target)} ${String(image)}@${String(digest)}`;

/** What was refused by the records, was let out by none of them, and is refused no more. */
function letOut({ status }: Environment): string[] {
  const refused = new Map<string, string>();
  for (const record of read(status?.audit)) {
    if (record['kind'] === 'Quarantined') refused.set(keyOf(record), `${keyOf(record)} was refused`);
    if (record['kind'] === 'Released') refused.delete(keyOf(record));
  }
  for (const entry of status?.quarantine ?? []) refused.delete(keyOf(entry));
  return [...refused.values()].map((what) => `${what}, is so no more, and no record tells of its release`);
}

/** The trail of a place, against itself and its status. */
function ofPlace(environment: Environment): Finding {
  const { metadata, status = {} } = environment;
  const { audit, quarantine = [], released = [], decisions = [], history = [] } = status;
  const releases = released.map((r) => ({ ...r, name: r.decision, verdict: 'Release' }));
  const said: Said[] = [
    ...decided([...decisions, ...releases]),
    ...quarantine.map((q) => ({
      what: `${keyOf(q)}, refused,`,
      at: q.since,
      isToldBy: (r: Read) => r['kind'] === 'Quarantined' && keyOf(r) === keyOf(q),
    })),
    ...history.map((h) => ({
      what: `the end of ${h.promotion} (${h.completedAt})`,
      at: h.completedAt,
      isToldBy: (r: Read) =>
        r['kind'] === 'Ended' &&
        r['promotion'] === h.promotion &&
        r['completedAt'] === h.completedAt &&
        r['audit'] === h.audit,
    })),
  ];
  return {
    about: `environment ${metadata.namespace}/${metadata.name}`,
    records: audit?.records.length ?? 0,
    faults: [...faultsOf(metadata.uid, audit), ...new Set(untold(audit, said)), ...letOut(environment)],
    notes: [],
  };
}

/** Ends in the history whose promotions are not there any more, newest first. */
export function goneOf(
  promotions: readonly Promotion[],
  environments: readonly Environment[],
): { about: string; entry: HistoryEntry }[] {
  const present = new Set(promotions.map(nameOf));
  return environments.flatMap(({ metadata, status }) =>
    (status?.history ?? [])
      .map((entry) => ({ about: `${metadata.namespace}/${entry.promotion}`, entry }))
      .filter(({ about }) => !present.has(about)),
  );
}

/** Checks every trail in the cluster, each against itself and against what else is on record of it. */
export function verifyCluster(
  promotions: readonly Promotion[],
  environments: readonly Environment[],
): Finding[] {
  const gone = goneOf(promotions, environments).map(
    ({ about }): Finding => ({
      about,
      records: 0,
      faults: [],
      notes: ["deleted; its records are in the operator's log"],
    }),
  );
  const once = new Map(gone.map((finding) => [finding.about, finding]));
  return [
    ...promotions.map((p) => ofPromotion(p, environments)),
    ...environments.map(ofPlace),
    ...once.values(),
  ];
}
