import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KindCluster } from './kind.ts';
import { run, stopping } from './run.ts';
import { play } from './scenario/play.ts';
import { tell, verdictOf } from './timeline.ts';

/*
 * `make e2e`: the scenario on a kind cluster of its own, which is deleted at the end, with the image that Docker builds.
 * Needs Docker; not part of `make test`. For a machine without Docker there is `make e2e-node`.
 */

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
const cluster = new KindCluster(scratch);
const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const image = `sluice:${version}`;

let ending: Promise<void> | undefined;

/** Deletes the cluster, once. */
function end(): Promise<void> {
  ending ??= cluster.delete().finally(() => rmSync(scratch, { recursive: true, force: true }));
  return ending;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    void end().finally(() => process.exit(130));
  });
}

try {
  await run(['docker', 'build', '--tag', image, '.'], { cwd: root });
  tell('the image is built');
  await cluster.create();
  await cluster.loadFromDocker(image);
  tell('the cluster runs');
  const outcome = await play({ cluster, dir: join(scratch, 'images'), images: [], tell });
  process.stdout.write(`\n${verdictOf(outcome)}\n`);
  process.exitCode = outcome.failed === 0 ? 0 : 1;
} catch (error) {
  if (!stopping.signal.aborted)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await end();
}
