import { untilHealthy } from '../../harness/fixtures.ts';
import { reasonOf } from '../../harness/promotions.ts';
import { type Scene, verify } from '../scene.ts';
import { imageOf, NAMESPACE } from '../stage.ts';

/** The golden path: good, bad, refused, and an outage of the metrics. */
export const golden: Scene = {
  manifests: 'golden',
  acts: [
    {
      title: 'v1 serves',
      plot: 'A Rollout, an Environment and a Gate are applied.',
      play: async (stage) => {
        for (const name of ['rollout', 'gate', 'environment']) await stage.apply(name);
        await untilHealthy(stage.world.cluster.api, NAMESPACE, 'checkout');
        stage.timeline.say('Rollout checkout is Healthy on v1');
        return [];
      },
    },
    {
      title: 'v2 is good',
      plot: 'It serves no single error, so there is not even an error series: that must not read as no data.',
      promotion: 'checkout-v2',
      play: async (stage) => {
        await stage.apply('promotion-v2');
        await stage.untilReason('checkout-v2', 'Succeeded');
        return verify(stage, 'checkout-v2', 'Succeeded', { checkout: 2 });
      },
    },
    {
      title: 'v3 is bad',
      plot: 'It fails 20 % of its requests. The gate fails at the first step, and v2 comes back by itself.',
      promotion: 'checkout-v3',
      play: async (stage) => {
        await stage.world.controls.behave(imageOf('checkout', 3), { errorRate: 0.2 });
        await stage.apply('promotion-v3');
        await stage.untilReason('checkout-v3', 'RolledBack');
        const problems = await verify(stage, 'checkout-v3', 'RolledBack', { checkout: 2 });
        const refused = (await stage.environment()).status?.quarantine ?? [];
        if (!refused.some((q) => q.digest === `sha256:${'3'.repeat(64)}`))
          problems.push('v3 is not in quarantine');
        return problems;
      },
    },
    {
      title: 'v3 again',
      plot: 'The same digest is applied once more, and is refused.',
      promotion: 'checkout-v3-again',
      play: async (stage) => {
        await stage.apply('promotion-v3-again');
        await stage.untilReason('checkout-v3-again', 'Quarantined');
        return verify(stage, 'checkout-v3-again', 'Quarantined', { checkout: 2 });
      },
    },
    {
      title: 'v4, and the metrics go away',
      plot: 'Prometheus dies in mid-canary. No data is no pass and no fail: it holds, and goes on when answers return.',
      promotion: 'checkout-v4',
      play: async (stage) => {
        const { prometheus } = stage.world;
        await stage.apply('promotion-v4');
        await stage.untilReason('checkout-v4', 'Settling', 'Analysing');
        await prometheus.program.kill();
        stage.timeline.say('Prometheus was killed');
        const held = await stage.untilReason('checkout-v4', 'Holding');
        const problems =
          reasonOf(held) === 'Holding' ? [] : [`checkout-v4 was ${reasonOf(held)}, not Holding`];
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await prometheus.program.start();
        stage.timeline.say('Prometheus is back');
        await stage.untilReason('checkout-v4', 'Succeeded');
        return [...problems, ...(await verify(stage, 'checkout-v4', 'Succeeded', { checkout: 4 }))];
      },
    },
  ],
};
