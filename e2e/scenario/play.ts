import type { RealCluster } from '../cluster.ts';
import type { Recipe } from '../images/archive.ts';
import { stopping } from '../run.ts';
import { loadImages } from './digests.ts';
import { installChart, installOthers, openShop } from './install.ts';
import { Stage, SYSTEM } from './stage.ts';
import type { Step } from './step.ts';
import { charts, helmTest } from './steps-chart.ts';
import { insides } from './steps-inside.ts';
import { lives, untilTwoReady } from './steps-life.ts';
import { releases } from './steps-release.ts';

/** What is needed to play. */
export interface Play {
  cluster: RealCluster;
  /** To make images in. */
  dir: string;
  /** Images besides those that the scenario makes itself. */
  images: readonly Recipe[];
  tell: (what: string) => void;
}

/** How it went. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** Plays the whole scenario on a cluster that has nothing in it yet. */
export async function play({ cluster, dir, images, tell }: Play): Promise<Outcome> {
  const digests = await loadImages(cluster, dir, images);
  tell('images are made and loaded');
  const stage = new Stage(cluster, digests);
  await installOthers(stage);
  tell('Argo Rollouts and Prometheus run');
  const steps: Step[] = [
    {
      title: 'the chart installs; both replicas are ready, one leads',
      needed: true,
      play: async () => {
        await installChart(stage);
        await untilTwoReady(stage);
        await stage.until('somebody leads', async () => (await stage.leader()) || undefined);
      },
    },
    helmTest,
    { title: 'the shop opens, with customers', needed: true, play: () => openShop(stage, digests) },
    ...releases,
    ...insides,
    ...lives,
    ...charts,
  ];
  const outcome = { passed: 0, failed: 0, skipped: 0 };
  for (const [i, step] of steps.entries()) {
    const result = await played(step, stage);
    tell(`${result.verdict.padEnd(8)}${step.title}${result.detail}`);
    outcome[result.verdict] += 1;
    if (result.verdict !== 'failed') continue;
    await explain(stage, tell);
    if (!step.needed) continue;
    tell(`the ${steps.length - i - 1} after it are not played`);
    break;
  }
  return outcome;
}

async function played(step: Step, stage: Stage): Promise<{ verdict: keyof Outcome; detail: string }> {
  const reason = step.skip?.(stage);
  if (reason !== undefined) return { verdict: 'skipped', detail: `: ${reason}` };
  const began = performance.now();
  const took = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    const told = await step.play(stage);
    return { verdict: 'passed', detail: ` (${took()})${told ? `: ${told}` : ''}` };
  } catch (error) {
    if (stopping.signal.aborted) throw error;
    return {
      verdict: 'failed',
      detail: ` (${took()}): ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** What helps to understand a failure. */
async function explain({ cluster }: Stage, tell: (what: string) => void): Promise<void> {
  for (const args of [
    ['get', 'pods', '-A', '-o', 'wide'],
    ['get', 'promotions', '-A', '-o', 'wide'],
    ['get', 'events', '-A', '--sort-by=.lastTimestamp'],
    ['logs', '-n', SYSTEM, '-l', 'app.kubernetes.io/name=sluice', '--tail=20', '--prefix'],
  ]) {
    const told = await cluster.kubectl(args).catch(String);
    tell(`kubectl ${args.join(' ')}\n${told.trimEnd().split('\n').slice(-25).join('\n')}`);
  }
}
