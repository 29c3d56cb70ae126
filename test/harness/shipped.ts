import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OperatorOptions } from './operator.ts';

/** What an image runs, and how. */
type Shipped = Required<Pick<OperatorOptions, 'main' | 'nodeArgs' | 'env'>>;

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/**
 * Node's flags as in the image. A share of the container's memory is given as the bytes that it comes to under the
 * chart's limit, since nothing limits this process.
 */
export function shippedFlags(): string[] {
  const flags = captured('Dockerfile', /^ENTRYPOINT \["node", (.*), "dist\/main.js"\]$/m);
  const words: string[] = JSON.parse(`[${flags}]`);
  const limitMb = Number(captured('charts/sluice/values.yaml', /^ {2}limits: \{ memory: (\d+)Mi \}$/m));
  return words.map((word) =>
    word.replace(
      /^--max-old-space-size-percentage=(\d+)$/,
      (_, percent) => `--max-old-space-size=${Math.floor((limitMb * Number(percent)) / 100)}`,
    ),
  );
}

/** The environment that the image sets. */
export function shippedEnv(): Record<string, string> {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  return Object.fromEntries([...text.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]));
}

/** Builds the one file that an image holds, in a directory where it has no node_modules to fall back on. */
export async function buildShipped(dir: string): Promise<Shipped> {
  const main = join(dir, 'main.js');
  await run(process.execPath, ['esbuild.config.mjs', dir], { cwd: root });
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  return { main, nodeArgs: shippedFlags(), env: shippedEnv() };
}

/** What the pattern's group matches in a file of the project. */
function captured(path: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(join(root, path), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${path} has no ${pattern}`);
  return found;
}
