import { untilHealthy } from '../../harness/fixtures.ts';
import { type Scene, verify } from '../scene.ts';
import { imageOf, NAMESPACE, type Stage } from '../stage.ts';

/** A promotion of a version that has errors from the start, or from when users get it. */
const promote = (name: string, ending: 'Succeeded' | 'RolledBack', version: number) =>
  async function play(stage: Stage): Promise<string[]> {
    await stage.apply(`promotion-${name.slice(name.indexOf('-') + 1)}`);
    await stage.untilReason(name, ending);
    return verify(stage, name, ending, { checkout: version });
  };

/** Blue-green: judged by its preview, switched at once, and switched back if it fails under users. */
export const bluegreen: Scene = {
  manifests: 'bluegreen',
  acts: [
    {
      title: 'v1 serves, and somebody tests the preview',
      plot: 'A blue-green Rollout with an active and a preview Service; the preview gets 20 requests a second.',
      play: async (stage) => {
        for (const name of ['rollout', 'gate', 'environment']) await stage.apply(name);
        await untilHealthy(stage.world.cluster.api, NAMESPACE, 'checkout');
        await stage.world.controls.preview(NAMESPACE, 'checkout', 20);
        stage.timeline.say('Rollout checkout is Healthy on v1');
        return [];
      },
    },
    {
      title: 'v2 is good',
      plot: 'It comes up beside v1 and is judged by its preview; then users are switched to it at once.',
      promotion: 'checkout-v2',
      play: promote('checkout-v2', 'Succeeded', 2),
    },
    {
      title: 'v3 is bad, and no user ever sees it',
      plot: 'Its preview fails 20 % of the requests: it is never switched to.',
      promotion: 'checkout-v3',
      play: async (stage) => {
        await stage.world.controls.behave(imageOf('checkout', 3), { errorRate: 0.2 });
        return promote('checkout-v3', 'RolledBack', 2)(stage);
      },
    },
    {
      title: 'v4 fails only once users get it',
      plot: 'Its preview is clean. Errors begin after the switch, in the bake: users are switched back, past the pause.',
      promotion: 'checkout-v4',
      play: async (stage) => {
        await stage.apply('promotion-v4');
        await stage.untilReason('checkout-v4', 'Baking');
        await stage.world.controls.behave(imageOf('checkout', 4), { errorRate: 0.5 });
        stage.timeline.say('v4 fails half of its requests from now on');
        await stage.untilReason('checkout-v4', 'RolledBack');
        return verify(stage, 'checkout-v4', 'RolledBack', { checkout: 2 });
      },
    },
  ],
};
