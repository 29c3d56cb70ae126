import type { Step } from './step.ts';
import { type Stage, SYSTEM } from './stage.ts';

const now = (): number => performance.now();

/** terminationGracePeriodSeconds of the chart. */
const GRACE_SECONDS = 45;

const seconds = (from: number, to = performance.now()): string => `${((to - from) / 1000).toFixed(1)} s`;

/** Waits until another pod than this leads; the leader. */
function untilOtherLeads(stage: Stage, than: string, within: number): Promise<string> {
  return stage.until(
    `another pod than ${than} leads`,
    async (seen) => {
      const leader = await stage.leader();
      seen(leader);
      return leader !== '' && leader !== than && leader;
    },
    within,
  );
}

/** The names of the operator's pods that are ready. */
async function readyOperators(stage: Stage): Promise<string[]> {
  return (await stage.operators())
    .filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    .map(({ metadata }) => metadata.name);
}

/** Waits until there are two pods of the operator, both ready. */
export function untilTwoReady(stage: Stage, within = 120): Promise<true> {
  return stage.until(
    'two replicas are ready',
    async (seen) => {
      const ready = await readyOperators(stage);
      seen(ready);
      return ready.length === 2 && (await stage.operators()).length === 2;
    },
    within,
  );
}

/** How the operator's pods live and end. */
export const lives: readonly Step[] = [
  {
    title:
      'the pod that leads is deleted in the middle of a release: it ends with 0 within its grace, another goes on',
    play: async (stage) => {
      await stage.promote('v4');
      await stage.untilReason('shop-v4', ['Applying', 'Analysing']);
      const leader = await stage.leader();
      const pod = ['pod', leader, '-n', SYSTEM];
      // Its exit code would be there for a moment only; a finalizer keeps the pod until it was read.
      const finalizers = async (names: string[]): Promise<unknown> =>
        stage.cluster.kubectl([
          'patch',
          ...pod,
          '--type=merge',
          '-p',
          JSON.stringify({ metadata: { finalizers: names } }),
        ]);
      await finalizers(['e2e.sluice.dev/exit-code']);
      const asked = now();
      await stage.cluster.kubectl(['delete', ...pod, '--wait=false']);
      const exitCode = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}=0';
      const [successorAt, endedAt] = await Promise.all([
        untilOtherLeads(stage, leader, 30).then(now),
        stage.cluster.kubectl(['wait', ...pod, `--for=${exitCode}`, '--timeout=60s']).then(now),
      ]);
      await finalizers([]);
      if (endedAt - asked > GRACE_SECONDS * 1000)
        throw new Error(`it took ${seconds(asked, endedAt)} to end`);
      await stage.untilReason('shop-v4', ['Succeeded']);
      await stage.untilServed('v4');
      await untilTwoReady(stage);
      return `another led after ${seconds(asked, successorAt)}, it had ended after ${seconds(asked, endedAt)}`;
    },
  },
  {
    title: 'the process that leads is frozen: another takes over, and the liveness probe starts it again',
    skip: ({ cluster }) => (cluster.signal ? undefined : `${cluster.name} is not reached by signals`),
    play: async (stage) => {
      const leader = await stage.leader();
      const pod = (await stage.operators()).find(({ metadata }) => metadata.name === leader);
      if (!pod) throw new Error(`there is no pod ${leader}`);
      const frozen = performance.now();
      await stage.cluster.signal?.(pod.metadata.uid, 'SIGSTOP');
      await untilOtherLeads(stage, leader, 40);
      const taken = performance.now();
      await stage.until(
        'the frozen one is not ready',
        async () => !(await readyOperators(stage)).includes(leader),
      );
      const unready = performance.now();
      await stage.promote('v5');
      await stage.untilReason('shop-v5', ['Succeeded']);
      await stage.untilServed('v5');
      await stage.until(
        'the frozen one was started again',
        async () => {
          const found = (await stage.operators()).find(({ metadata }) => metadata.name === leader);
          return (found?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1;
        },
        240,
      );
      const again = performance.now();
      await untilTwoReady(stage);
      return `another led after ${seconds(frozen, taken)}, it was out of the Service by ${seconds(frozen, unready)}, it was started again after ${seconds(frozen, again)}`;
    },
  },
];
