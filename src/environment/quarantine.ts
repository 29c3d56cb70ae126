import { isTold } from '../api/v1alpha1/accepted.ts';
import { repositoryOf } from '../api/v1alpha1/images.ts';
import type { EnvironmentStatus, Promotion, QuarantineEntry } from '../api/v1alpha1/types.ts';
import { digestRun } from '../promotion/revision.ts';
import { presentable } from '../runtime/presentable.ts';
import { isEarlierSecond, toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';

const QUARANTINE_LIMIT = 200;

/** What was let out of quarantine: what is on record, and the Decisions that let something out now. */
export function releasedOf(input: Input): NonNullable<EnvironmentStatus['released']> {
  const before = input.environment.status?.released ?? [];
  const refused = input.environment.status?.quarantine ?? [];
  // When it was used, by the clock that the failures are timed with: what fails later is refused anew.
  const at = toTime(input.now);
  const releases = input.decisions.filter((d) => d.spec.verdict === 'Release');
  const free = new Set<string>();
  const fresh = releases.flatMap(({ metadata, spec, status }) => {
    const { target = '', revisionDigest = '' } = spec;
    const what = JSON.stringify([target, revisionDigest]);
    const by = presentable(spec.by, 253);
    const made = metadata.creationTimestamp;
    const known = before.some((r) => r.uid === metadata.uid) || isTold({ status });
    const concerns = refused.some(
      (q) => q.target === target && q.revisionDigest === revisionDigest && !isEarlierSecond(made, q.since),
    );
    // What one of them has let out is not let out by another one.
    if (known || !concerns || free.has(what)) return [];
    free.add(what);
    return [{ target, revisionDigest, decision: metadata.name, uid: metadata.uid, by, at }];
  });
  return [...before, ...fresh].slice(-QUARANTINE_LIMIT);
}

/** What a failed promotion has shown to be bad: the images that it changed on the target that failed. */
function badOf(promotion: Promotion): QuarantineEntry[] {
  const { revert, plan } = promotion.status ?? {};
  if (!revert?.quarantine) return [];
  const planned = plan?.targets.find((t) => t.name === revert.target);
  const status = promotion.status?.targets?.find((t) => t.name === revert.target);
  return (planned?.images ?? [])
    .filter((i) => i.changed)
    .flatMap((i) => ({ repository: repositoryOf(i.image), digest: digestRun(i, status) ?? [] }))
    .flatMap(({ repository, digest }) => (typeof digest === 'string' ? { repository, digest } : []))
    .map(({ repository, digest }) => ({
      target: revert.target ?? '',
      image: repository,
      digest,
      ...(promotion.status?.revisionDigest && { revisionDigest: promotion.status.revisionDigest }),
      reason: revert.message,
      promotion: promotion.metadata.name,
      since: revert.detectedAt,
    }));
}

/** Entries stay until a person releases them. A full list drops nothing: what is new waits, and its target with it. */
export function quarantineOf(
  input: Input,
  released: NonNullable<EnvironmentStatus['released']>,
): QuarantineEntry[] {
  const isFree = (q: QuarantineEntry): boolean =>
    released.some(
      (r) =>
        r.target === q.target &&
        r.revisionDigest === q.revisionDigest &&
        Date.parse(q.since) <= Date.parse(r.at),
    );
  const list = (input.environment.status?.quarantine ?? []).filter((q) => !isFree(q));
  for (const entry of input.promotions.flatMap(badOf))
    if (
      list.length < QUARANTINE_LIMIT &&
      !isFree(entry) &&
      !list.some((q) => q.target === entry.target && q.image === entry.image && q.digest === entry.digest)
    )
      list.push(entry);
  return list;
}
