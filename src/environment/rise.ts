import { COMMITTED_AT_ANNOTATION } from '../api/v1alpha1/names.ts';
import type { Environment, RevisionImage } from '../api/v1alpha1/types.ts';
import { parseReference, revisionDigest } from '../promotion/revision.ts';
import { sha256 } from '../runtime/hash.ts';
import { earliest, toTime } from '../runtime/time.ts';
import { changeKnownTo } from './changed.ts';
import { heldAuto } from './rollbacks.ts';
import type { Input } from './input.ts';
import type { Order } from './order.ts';
import { verifiedIn } from './verified.ts';

/* autoPromote: what is verified upstream comes by itself, once. */

/** What is last good in an Environment, as one revision; undefined where its targets do not agree, or lack it. */
function goodIn({ spec, status }: Environment): RevisionImage[] | undefined {
  const images = new Map<string, RevisionImage>();
  for (const { name } of spec.targets) {
    const lastGood = status?.targets?.find((t) => t.name === name)?.lastGood;
    if (!lastGood) return undefined;
    for (const reference of lastGood.images ?? []) {
      const image = parseReference(reference);
      if (!image) return undefined;
      if ((images.get(image.image) ?? image).digest !== image.digest) return undefined;
      images.set(image.image, image);
    }
  }
  return images.size === 0 ? undefined : [...images.values()];
}

/** When a revision has been good everywhere for as long as is asked: epoch milliseconds; undefined: it is not good. */
function soakedAt(input: Input, images: readonly RevisionImage[]): number | undefined {
  const { upstream } = input.environment.spec;
  if (!upstream) return undefined;
  const times = upstream.environments.map(({ name, soakSeconds }) => {
    const place = input.upstreams.get(name);
    const verified = place && verifiedIn(place, images);
    return verified?.good ? verified.since + soakSeconds * 1000 : undefined;
  });
  if (upstream.require === 'Any') return earliest(...times);
  const known = times.filter((t) => t !== undefined);
  return known.length === times.length ? Math.max(...known) : undefined;
}

/** Whether it came here before, or is refused here: it does not come again by itself. */
function isKnown(
  { environment, promotions }: Input,
  images: readonly RevisionImage[],
  digest: string,
): boolean {
  const { targets = [], history = [], quarantine = [] } = environment.status ?? {};
  return (
    targets.some((t) => [t.current, t.lastGood, t.candidate].some((r) => r?.revisionDigest === digest)) ||
    history.some((h) => h.revisionDigest === digest) ||
    quarantine.some((q) => images.some((i) => i.digest === q.digest)) ||
    promotions.some(({ spec, status }) => !spec.dryRun && status?.revisionDigest === digest)
  );
}

/** A Promotion's name has 63 characters at most, and 12 of them are the revision's. */
const LONGEST_PLACE = 44;

/** The name of the Promotion that brings a revision here: of one Environment alone, however long its name is. */
function autoName(environment: string, digest: string): string {
  const isShort = environment.length <= LONGEST_PLACE;
  // What is cut off tells them apart, and a part of a name may end with neither of these.
  const cut = `${environment.slice(0, LONGEST_PLACE - 9).replace(/[-.]+$/, '')}-${sha256(environment).slice(0, 8)}`;
  return `auto-${isShort ? environment : cut}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

/** The Promotion that comes by itself now, and when to look again. */
export function riseOf(input: Input): { order?: Order; wakeAt?: number } {
  const { environment, now } = input;
  let wakeAt: number | undefined;
  const { upstream, autoPromote } = environment.spec;
  if (autoPromote !== 'WhenVerifiedUpstream' || !upstream || heldAuto(input)) return {};
  for (const { name } of upstream.environments) {
    const place = input.upstreams.get(name);
    const images = place && goodIn(place);
    if (!images) continue;
    const digest = revisionDigest(images);
    if (isKnown(input, images, digest)) continue;
    const at = soakedAt(input, images);
    if (at === undefined) continue;
    if (now < at) {
      wakeAt = earliest(wakeAt, at);
      continue;
    }
    const changedAt = changeKnownTo([place], images);
    return {
      order: {
        name: autoName(environment.metadata.name, digest),
        ...(changedAt !== undefined && { annotations: { [COMMITTED_AT_ANNOTATION]: toTime(changedAt) } }),
        spec: {
          environment: environment.metadata.name,
          revision: { images },
          reason: `verified in Environment ${name}`,
        },
      },
    };
  }
  return wakeAt === undefined ? {} : { wakeAt };
}
