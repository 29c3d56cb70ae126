import { digestOf, repositoryOf } from '../../api/v1alpha1/images.ts';
import type { PromotionStatus, RevisionImage, TargetStatus } from '../../api/v1alpha1/types.ts';
import { earliest } from '../../runtime/time.ts';
import type { InFlight } from '../in-flight.ts';
import type { Failure, TargetOutcome } from '../outcome.ts';

/** The containers that were given a tag and no digest. */
function tagged({ planned }: InFlight): { container: string; image: string }[] {
  return planned.images.filter(({ image }) => digestOf(image) === undefined);
}

/**
 * Where only a tag was promoted, what the pods really run is read at each step, before it goes on from there:
 * a tag that names two images is not one revision, and nobody could say which of them was judged.
 */
export function withDigests(d: InFlight, outcome: TargetOutcome): TargetOutcome {
  const containers = tagged(d);
  const { step } = outcome.target;
  if (containers.length === 0 || outcome.failed || step === undefined) return outcome;
  if (d.status.digestsStep === step) return outcome;
  const read = d.subject.digests ?? {};
  const found: { container: string; digest: string }[] = [];
  for (const { container, image } of containers) {
    const seen = new Set(read[container] ?? []);
    const before = d.status.digests?.find((known) => known.container === container)?.digest;
    if (before) seen.add(before);
    const [digest, other] = [...seen];
    if (digest && other) return failed(outcome, moved(image, digest, other));
    if (!digest || !read[container]?.length) return waiting(d, outcome, image);
    const bad = refused(d, image, digest);
    if (bad) return failed(outcome, bad);
    found.push({ container, digest });
  }
  return { ...outcome, target: { ...outcome.target, digests: found, digestsStep: step } };
}

function moved(image: string, one: string, other: string): Failure {
  const message = `the tag of ${image} names two images, ${one} and ${other}: promote a digest, or a tag that does not move`;
  return { reason: 'tag', message, quarantine: false };
}

/** The Environment refuses what the tag turned out to be. */
function refused({ input, planned }: InFlight, image: string, digest: string): Failure | undefined {
  const bad = input.environment?.status?.quarantine?.find(
    (q) => q.target === planned.name && q.image === repositoryOf(image) && q.digest === digest,
  );
  if (!bad) return undefined;
  const message = `${image} is ${digest}, which is refused here since promotion ${bad.promotion} failed: ship a fixed image`;
  return { reason: 'Quarantined', message, quarantine: false };
}

function failed({ target }: TargetOutcome, failure: Failure): TargetOutcome {
  return { reason: 'Reverting', message: failure.message, target, failed: failure };
}

/** What pods run is no event of ours: it is asked again after this long. */
const AGAIN_MS = 5_000;

/** Nothing goes on from a step at which nobody knows what runs. */
function waiting({ input }: InFlight, outcome: TargetOutcome, image: string): TargetOutcome {
  const { effect: _effect, through: _through, done: _done, ...others } = outcome;
  const rest = { ...others, wakeAt: earliest(outcome.wakeAt, input.now + AGAIN_MS) };
  if (!outcome.effect && !outcome.through && !outcome.done) return rest;
  return { ...rest, reason: 'Analysing', message: `waits until the pods say which image ${image} is` };
}

/** The images of a revision with the digests that its tags turned out to be. */
export function resolved(
  images: readonly RevisionImage[],
  targets: readonly TargetStatus[] | undefined,
  plan: PromotionStatus['plan'],
): RevisionImage[] {
  return images.map((image) => {
    if (image.digest) return image;
    for (const planned of plan?.targets ?? []) {
      const status = targets?.find((t) => t.name === planned.name);
      for (const { container, image: written } of planned.images) {
        const digest = status?.digests?.find((d) => d.container === container)?.digest;
        if (digest && repositoryOf(written) === image.image) return { ...image, digest };
      }
    }
    return image;
  });
}
