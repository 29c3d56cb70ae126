import type { Audit, Environment, Promotion } from '../api/v1alpha1/types.ts';
import { faultsIn, type Link, readRecord } from './chain.ts';
import { type Finding, goneOf, nameOf, read } from './verify.ts';

interface Logged extends Link {
  uid: string;
  /** As the line says it, and not the record: it is told, and no proof. */
  namespace?: string | undefined;
  about?: string | undefined;
}

/** What there is to compare a log with. */
export interface Known {
  promotions: readonly Promotion[];
  environments: readonly Environment[];
}

export interface LogOptions {
  /** Asked after the log was read, so that it is no older; undefined: nobody could be asked. */
  known?: () => Promise<Known | undefined>;
  /** Only trails of this namespace, by what is known, else by what the lines say; undefined: all that are in the log. */
  namespace?: string | undefined;
  /** A trail whose beginning is not in the log is broken: the log is said to be complete. */
  whole?: boolean;
}

/** The audit record in a line of the operator's log; undefined for other lines, and for those of other programs. */
function recordIn(line: string): Logged | undefined {
  if (!line.includes('"audit"')) return undefined;
  try {
    const said: Partial<Record<'controller' | 'namespace' | 'name', string>> & { audit?: Partial<Logged> } =
      JSON.parse(line);
    const { uid, record, hash } = said.audit ?? {};
    if (uid === undefined || record === undefined || hash === undefined) return undefined;
    const { controller, namespace, name } = said;
    const about =
      namespace && name && `${controller === 'environments' ? 'environment ' : ''}${namespace}/${name}`;
    return { uid, record, hash, namespace, about };
  } catch {
    return undefined;
  }
}

const seqOf = (link: Link | undefined): number => (link && readRecord(link)?.seq) ?? 0;

/** The trail of a log with the records that only the cluster has: one was stored, and its line lost. */
function filled(logged: readonly Link[], kept: readonly Link[]): Link[] {
  const stored = new Map(kept.map((link) => [seqOf(link), link]));
  const between = (from: number, to: number): Link[] => {
    const links = Array.from({ length: Math.max(0, to - from) }, (_, i) => stored.get(from + i));
    return links.filter((link) => link !== undefined);
  };
  const start = logged.length > 0 ? seqOf(logged[0]) : 1;
  const [oldest] = kept;
  let next = start;
  const all = between(oldest ? Math.min(seqOf(oldest), start) : start, start);
  for (const link of logged) {
    all.push(...between(next, seqOf(link)), link);
    next = seqOf(link) + 1;
  }
  return [...all, ...between(next, seqOf(kept.at(-1)) + 1)];
}

/** Last hashes of trails that have ended, by the UID of the promotion, as trails of Environments tell them. */
function endsIn(trails: Iterable<readonly Link[]>): Map<string, string> {
  const ends = new Map<string, string>();
  for (const links of trails)
    for (const record of read({ records: [...links] })) {
      const { kind, uid, audit } = record;
      if (kind === 'Ended' && typeof uid === 'string' && typeof audit === 'string') ends.set(uid, audit);
    }
  return ends;
}

/**
 * Checks the trails in a log, however long it is. A record that was logged twice (after a restart nobody knows whether
 * the last ones were) counts once. Of a log whose beginning was rotated away the first record is taken as it stands.
 */
export async function verifyLog(
  lines: AsyncIterable<string>,
  { known: ask, namespace, whole = false }: LogOptions = {},
): Promise<Finding[]> {
  const trails = new Map<string, Logged[]>();
  const seen = new Map<string, string>();
  for await (const line of lines) {
    const logged = recordIn(line);
    if (!logged) continue;
    const { uid, hash, record } = logged;
    const trail = trails.get(uid) ?? [];
    trails.set(uid, trail);
    // The same one again; another of that hash is none of ours.
    if (seen.get(`${uid} ${hash}`) === record) continue;
    seen.set(`${uid} ${hash}`, record);
    trail.push(logged);
  }
  const known = await ask?.();
  const { promotions = [], environments = [] } = known ?? {};
  const objects = new Map<string, { about: string; audit: Audit | undefined }>([
    ...promotions.map((p) => [p.metadata.uid, { about: nameOf(p), audit: p.status?.audit }] as const),
    ...environments.map(
      (e) => [e.metadata.uid, { about: `environment ${nameOf(e)}`, audit: e.status?.audit }] as const,
    ),
  ]);
  const gone = goneOf(promotions, environments);
  const heads = new Set(gone.flatMap(({ entry }) => entry.audit ?? []));
  const ends = endsIn([...trails.values(), ...environments.map((e) => e.status?.audit?.records ?? [])]);
  const isAsked = ([uid, [first]]: [string, Logged[]]): boolean =>
    namespace === undefined || objects.has(uid) || (first?.namespace ?? namespace) === namespace;
  const present = [...trails].filter(isAsked).map(([uid, links]): Finding => {
    const object = objects.get(uid);
    const kept = object?.audit?.records ?? [];
    const end = ends.get(uid) ?? links.find(({ hash }) => heads.has(hash))?.hash;
    const found = check(uid, links, { kept, head: object ? kept.at(-1)?.hash : end, whole });
    const isOpen = known && !object && end === undefined;
    const notes = isOpen ? ['nothing that was asked says where it ends (-A asks everywhere)'] : [];
    return { ...found, about: object?.about ?? links[0]?.about ?? uid, notes: [...found.notes, ...notes] };
  });
  return [...present, ...lost(trails.values(), gone)];
}

function check(
  uid: string,
  links: readonly Link[],
  { kept, head, whole }: { kept: readonly Link[]; head: string | undefined; whole: boolean },
): Omit<Finding, 'about'> {
  const all = filled(links, kept);
  const [first, ...rest] = all;
  const seq = seqOf(first);
  const faults =
    first && seq > 1
      ? faultsIn(uid, rest, { head, cut: { seq, hash: first.hash } })
      : faultsIn(uid, all, { head });
  const before = seq > 1 ? [`it begins at record ${seq}: what was before is not in this log`] : [];
  const lent = all.length - links.length;
  return {
    records: all.length,
    faults: [...faults, ...(whole ? before : [])],
    notes: [
      ...(whole ? [] : before),
      ...(lent > 0 ? [`${lent} of them are in the cluster, and not in this log`] : []),
    ],
  };
}

/** Promotions that were deleted, and ended while this log was kept, whose last record is not in it. */
function lost(
  trails: Iterable<readonly Link[]>,
  gone: readonly ReturnType<typeof goneOf>[number][],
): Finding[] {
  const links = [...trails].flat();
  const hashes = new Set(links.map(({ hash }) => hash));
  const since = Math.min(...links.flatMap((link) => Date.parse(readRecord(link)?.at ?? '') || []));
  const missing = gone.filter(
    ({ entry }) =>
      entry.audit !== undefined &&
      !hashes.has(entry.audit) &&
      Date.parse(entry.startedAt ?? entry.completedAt) >= since,
  );
  const once = new Map(missing.map(({ about, entry }) => [`${about} ${entry.completedAt}`, about]));
  return [...once.values()].map((about) => ({
    about,
    records: 0,
    faults: ['it was deleted, its Environment has its end on record, and that end is not in this log'],
    notes: [],
  }));
}
