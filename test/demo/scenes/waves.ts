import { untilHealthy } from '../../harness/fixtures.ts';
import { type Scene, verify } from '../scene.ts';
import { imageOf, NAMESPACE } from '../stage.ts';

/** Two services in waves: the second is touched only once the first has passed, and both go back together. */
export const waves: Scene = {
  manifests: 'waves',
  acts: [
    {
      title: 'v1 serves, twice',
      plot: 'Two Rollouts, one Environment: checkout is in wave 0, cart in wave 1.',
      play: async (stage) => {
        for (const name of ['checkout', 'cart', 'gate', 'environment']) await stage.apply(name);
        for (const app of ['checkout', 'cart']) await untilHealthy(stage.world.cluster.api, NAMESPACE, app);
        stage.timeline.say('Rollouts checkout and cart are Healthy on v1');
        return [];
      },
    },
    {
      title: 'v2 is good',
      plot: 'checkout rises first; cart begins when checkout is fully promoted and passes; one bake for both.',
      promotion: 'shop-2',
      play: async (stage) => {
        await stage.apply('promotion-2');
        await stage.untilReason('shop-2', 'Succeeded');
        return verify(stage, 'shop-2', 'Succeeded', { checkout: 2, cart: 2 });
      },
    },
    {
      title: 'v3 of the second service is bad',
      plot: 'checkout is on v3 already when cart fails. cart goes back first, then checkout, each to its own template.',
      promotion: 'shop-3',
      play: async (stage) => {
        await stage.world.controls.behave(imageOf('cart', 3), { errorRate: 0.2 });
        await stage.apply('promotion-3');
        await stage.untilReason('shop-3', 'RolledBack');
        const problems = await verify(stage, 'shop-3', 'RolledBack', { checkout: 2, cart: 2 });
        const refused = (await stage.environment()).status?.quarantine ?? [];
        // Only what failed is refused: checkout v3 did nothing wrong.
        if (refused.map((q) => q.target).join() !== 'cart')
          problems.push('not exactly cart v3 is in quarantine');
        return problems;
      },
    },
  ],
};
