import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeEnvironment } from './around.ts';
import type { Scene } from './scene.ts';
import { bluegreen } from './scenes/bluegreen.ts';
import { chain } from './scenes/chain.ts';
import { golden } from './scenes/golden.ts';
import { waves } from './scenes/waves.ts';
import { setUp, type Stage } from './stage.ts';
import { bold, dim, green, red } from './style.ts';
import { summary } from './summary.ts';
import { NAMESPACE } from './stage.ts';
import { Timeline } from './timeline.ts';

const SCENES: Readonly<Record<string, Scene>> = { golden, waves, bluegreen, chain };
/** Where what a shell needs to look around is left. */
const ENVIRONMENT = fileURLToPath(new URL('../../dist/demo', import.meta.url));
const keep = process.env['KEEP'] === '1';
const wanted = process.env['SCENE'] ?? 'golden';
const scene = SCENES[wanted];
if (!scene) {
  process.stderr.write(`no scene ${wanted}: set SCENE to ${Object.keys(SCENES).join(', ')}\n`);
  process.exit(2);
}

/** Plays every act in turn; the problems of all of them. */
async function play(stage: Stage, acts: Scene['acts']): Promise<string[]> {
  const problems: string[] = [];
  for (const [index, act] of acts.entries()) {
    process.stdout.write(`\n${bold(`Act ${index + 1}: ${act.title}`)}  ${dim(act.plot)}\n`);
    const found = await act.play(stage).catch((error: unknown) => [String(error)]);
    for (const problem of found) process.stdout.write(`${red('not as it should be')}: ${problem}\n`);
    if (found.length === 0) process.stdout.write(`${green('as it should be')}\n`);
    problems.push(...found);
  }
  return problems;
}

/** Where to look, with commands that work as they stand in another shell. */
async function around({ world }: Stage): Promise<string> {
  const file = await writeEnvironment(world.cluster, NAMESPACE, ENVIRONMENT);
  return [
    `. ${relative(process.cwd(), file)}   # in a second terminal, in this directory`,
    'kubectl sluice status',
    `kubectl describe promotion ${scene?.acts.findLast((act) => act.promotion)?.promotion ?? ''}`,
    'kubectl get events --sort-by=.metadata.creationTimestamp',
    'docs/tutorial.md goes on from here.',
    `Prometheus: ${world.prometheus.url}`,
  ].join('\n');
}

async function untilInterrupted(): Promise<void> {
  // A timer keeps the process alive: nothing else here does.
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  clearInterval(alive);
}

const timeline = new Timeline();
const stage = await setUp(timeline, scene.manifests);
let problems: string[] = ['the demo was interrupted'];
try {
  await timeline.follow(stage.world.cluster.api, NAMESPACE);
  process.stdout.write(dim('    time  weight           gate          status        why\n'));
  problems = await play(stage, scene.acts);
  const names = scene.acts.flatMap((act) => act.promotion ?? []);
  const promotions = await Promise.all(names.map((name) => stage.promotion(name)));
  process.stdout.write(`\n${summary(promotions)}\n`);
  if (keep) {
    process.stdout.write(
      `${bold('It is left running; look around, and end it with Ctrl-C:')}\n${await around(stage)}\n`,
    );
    await untilInterrupted();
  } else process.stdout.write(dim('`make demo KEEP=1` leaves it running, to look around and to try it.\n'));
} finally {
  timeline.stop();
  await stage.world.stop();
  rmSync(ENVIRONMENT, { recursive: true, force: true });
}
process.exitCode = problems.length === 0 ? 0 : 1;
