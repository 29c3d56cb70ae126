import { installChart } from './install.ts';
import type { Step } from './step.ts';
import { type Stage, SYSTEM } from './stage.ts';
import { untilTwoReady } from './steps-life.ts';

async function logLevels(stage: Stage): Promise<string[]> {
  interface WithArgs {
    spec: { containers: { args: string[] }[] };
  }
  const { items } = await stage.get<{ items: WithArgs[] }>(
    'pods',
    '-n',
    SYSTEM,
    '-l',
    'app.kubernetes.io/name=sluice',
  );
  return items.map(
    ({ spec }) => spec.containers[0]?.args.find((arg) => arg.startsWith('--log-level='))?.split('=')[1] ?? '',
  );
}

/** Waits until the pods of before are gone, and both that there are have this level. */
async function untilLevel(stage: Stage, level: string): Promise<void> {
  await stage.until(`both pods log at ${level}`, async (seen) => {
    const levels = await logLevels(stage);
    seen(levels);
    return levels.length === 2 && levels.every((found) => found === level);
  });
  await untilTwoReady(stage);
}

/** `helm test`, which asks the operator through its Service. */
export const helmTest: Step = {
  title: "helm test: through its Service and the cluster's DNS the operator says that it is ready",
  play: async ({ cluster }) => {
    const told = await cluster.helm(['test', 'sluice', '--namespace', SYSTEM, '--timeout', '60s']);
    if (!/Phase:\s+Succeeded/.test(told)) throw new Error(told);
  },
};

/** The chart's later life. */
export const charts: readonly Step[] = [
  {
    title: 'the chart is upgraded in the middle of a release: the release goes on',
    play: async (stage) => {
      await stage.promote('v6');
      await stage.untilReason('shop-v6', ['Applying', 'Analysing']);
      await installChart(stage, 'log.level=debug');
      await untilLevel(stage, 'debug');
      await stage.untilReason('shop-v6', ['Succeeded']);
      await stage.untilServed('v6');
    },
  },
  {
    title: 'helm rollback brings the release of the chart before back',
    play: async (stage) => {
      await stage.cluster.helm(['rollback', 'sluice', '--namespace', SYSTEM, '--wait', '--timeout', '180s']);
      await untilLevel(stage, 'info');
      const leader = await stage.until('somebody leads', async () => (await stage.leader()) || undefined);
      if (!(await stage.operators()).some(({ metadata }) => metadata.name === leader))
        throw new Error(`${leader} leads and is gone`);
    },
  },
  {
    title: 'helm uninstall takes the operator away and leaves the shop, its history and the CRDs',
    play: async (stage) => {
      await stage.cluster.helm(['uninstall', 'sluice', '--namespace', SYSTEM, '--wait', '--timeout', '120s']);
      await stage.until('the pods are gone', async () => (await stage.operators()).length === 0);
      if ((await stage.reasonOf('shop-v6')) !== 'Succeeded') throw new Error('the history is gone');
      await stage.untilServed('v6');
    },
  },
];
