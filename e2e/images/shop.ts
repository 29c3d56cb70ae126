import type { Recipe } from './archive.ts';
import { NOBODY } from './rootfs.ts';

/** The versions of the shop, by the share of requests that each fails: it is in the image, so the image is bad. */
export const VERSIONS = { v1: 0, v2: 0, v3: 0.3, v4: 0, v5: 0, v6: 0 } as const;

/** A version of the shop. */
export type Version = keyof typeof VERSIONS;

/** The repository of the shop's images. */
export const SHOP = 'localhost/shop';

/** @param program the built `shop`. */
export function shopRecipe(program: string, version: Version): Recipe {
  return {
    name: `${SHOP}:${version}`,
    files: [{ path: 'shop', from: program, mode: 0o755 }],
    entrypoint: ['/shop'],
    cmd: ['serve'],
    env: { VERSION: version, FAIL: String(VERSIONS[version]) },
    user: `${NOBODY}:${NOBODY}`,
  };
}
