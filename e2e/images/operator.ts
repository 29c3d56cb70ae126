import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from '../run.ts';
import type { Recipe } from './archive.ts';
import { lastStage } from './dockerfile.ts';
import { rootfs } from './rootfs.ts';

const root = join(import.meta.dirname, '../..');

/** Where the base of the Dockerfile has Node. */
const NODE = 'nodejs/bin/node';

/**
 * The operator's image without Docker: what the last stage of the Dockerfile says, on a base of the pinned Node and the
 * libraries that it loads here. What runs is dist/main.js as it is shipped; the base is not that of the Dockerfile.
 * @param dir to build in.
 */
export async function operatorRecipe(name: string, dir: string): Promise<Recipe> {
  await run([process.execPath, 'esbuild.config.mjs', join(dir, 'dist')], { cwd: root });
  const base = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  const { env, workdir, user, entrypoint, copies } = lastStage(join(root, 'Dockerfile'), base);
  const shipped = [...copies].map(([from, path]) => {
    const built = join(dir, from.replace('/app/', ''));
    return { path: path.slice(1), from: existsSync(built) ? built : join(root, from.replace('/app/', '')) };
  });
  return { name, files: [...rootfs({ [NODE]: pinnedNode() }), ...shipped], entrypoint, env, user, workdir };
}

/** The program of the npm package `node`, of the version in package.json. */
function pinnedNode(): string {
  return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
}
