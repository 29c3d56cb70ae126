import type { PlannedTarget, Promotion, RevisionImage, Target, TargetStatus } from '../api/v1alpha1/types.ts';
import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import { sha256 } from '../runtime/hash.ts';

/** The images of a promotion: those that it names, or those that it has taken from another Environment. */
export function imagesOf({ spec, status }: Promotion): readonly RevisionImage[] {
  return spec.revision?.images ?? status?.revision?.images ?? [];
}

/** `repository:tag@digest`: the digest is what is promoted, the tag is for people. A tag alone stays alone. */
export function imageReference({ image, tag, digest }: RevisionImage): string {
  return `${image}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/**
 * The revision's identity: sha256 over the sorted lines `repository@digest`, or `repository:tag` without a
 * digest. Anyone can compute it: `printf 'ghcr.io/acme/checkout@sha256:...\n' | LC_ALL=C sort | sha256sum`.
 */
export function revisionDigest(images: readonly RevisionImage[]): string {
  const lines = images
    .map(({ image, tag, digest }) => (digest ? `${image}@${digest}\n` : `${image}:${tag ?? ''}\n`))
    .toSorted();
  return `sha256:${sha256(lines.join(''))}`;
}

/** The digest of an image that was written: the one it names, else the one that its pods were seen to run. */
export function digestRun(
  { container, image }: PlannedTarget['images'][number],
  status: TargetStatus | undefined,
): string | undefined {
  return digestOf(image) ?? status?.digests?.find((d) => d.container === container)?.digest;
}

/** The image reference with the digest that ran. */
export function referenceRun(
  planned: PlannedTarget['images'][number],
  status: TargetStatus | undefined,
): string {
  const digest = digestRun(planned, status);
  return digest && digestOf(planned.image) === undefined ? `${planned.image}@${digest}` : planned.image;
}

/** What `imageReference` has written, read back; undefined for a reference without a digest. */
export function parseReference(reference: string): RevisionImage | undefined {
  const digest = digestOf(reference);
  if (digest === undefined) return undefined;
  const image = repositoryOf(reference);
  const tag = reference.slice(image.length + 1, reference.indexOf('@'));
  return { image, digest, ...(reference[image.length] === ':' && { tag }) };
}

/** The revision in short, for the column: `checkout:1.4.2`, or the digest's head without a tag. */
export function shortRevision(images: readonly RevisionImage[]): string {
  const [first, ...rest] = images;
  if (!first) return '';
  const name = first.image.slice(first.image.lastIndexOf('/') + 1);
  const head = first.tag ? `${name}:${first.tag}` : `${name}@${first.digest?.slice(7, 19) ?? ''}`;
  return rest.length ? `${head} +${rest.length}` : head;
}

/**
 * Which container gets which image: as the target says, or by the repository that it runs now.
 * Containers that already run exactly that image are in it too, as not changed: they cannot be to blame.
 */
export function imagesFor(
  target: Target,
  images: readonly RevisionImage[],
  containers: readonly { name: string; image: string }[],
): PlannedTarget['images'] {
  return images.flatMap((image) =>
    containers
      .filter(({ name, image: running }) =>
        target.images
          ? target.images.some((m) => m.container === name && m.image === image.image)
          : repositoryOf(running) === image.image,
      )
      .map(({ name, image: running }) => {
        const wanted = imageReference(image);
        return { container: name, image: wanted, changed: running !== wanted };
      }),
  );
}
