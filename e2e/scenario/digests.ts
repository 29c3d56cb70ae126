import { mkdirSync } from 'node:fs';
import type { RealCluster } from '../cluster.ts';
import { type Recipe, writeImage } from '../images/archive.ts';
import { prometheusRecipe, rolloutsRecipe } from '../images/others.ts';
import { buildOwn } from '../images/own.ts';
import { shopRecipe, type Version, VERSIONS } from '../images/shop.ts';

/** The digest of each version of the shop. */
export type Digests = Readonly<Record<Version, string>>;

/** The digest of a version. */
export function digestOf(digests: Digests, version: Version): string {
  return digests[version];
}

const versions = Object.keys(VERSIONS) as Version[];

/**
 * Makes every image of the scenario and loads it; the shop's digests.
 * @param dir to make them in.
 * @param more images besides, such as the operator's where nobody else has built it.
 */
export async function loadImages(
  cluster: RealCluster,
  dir: string,
  more: readonly Recipe[],
): Promise<Digests> {
  mkdirSync(dir, { recursive: true });
  const shop = await buildOwn('shop', dir);
  for (const recipe of [...more, await prometheusRecipe(), await rolloutsRecipe()])
    await cluster.load(writeImage(recipe, dir));
  const digests = new Map<Version, string>();
  for (const version of versions) {
    const image = writeImage(shopRecipe(shop, version), dir);
    await cluster.load(image);
    digests.set(version, image.digest);
  }
  return Object.fromEntries(digests) as Digests;
}
