import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';

const e2e = join(import.meta.dirname, '..');

/** Builds a program of this directory, static; its path. */
export async function buildOwn(name: 'pause' | 'shop', dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  await run(['go', '-C', e2e, 'build', '-trimpath', '-ldflags=-s -w', '-o', path, `./${name}`], {
    env: { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
  });
  return path;
}
