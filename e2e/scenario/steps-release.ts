import type { Step } from './step.ts';

/** A digest that no image has. */
const NOWHERE = `sha256:${'0'.repeat(64)}`;

/** Releases of real pods, that go out or come back. */
export const releases: readonly Step[] = [
  {
    title: 'a good version goes out, and its pods run the digest that was promoted',
    play: async (stage) => {
      await stage.promote('v2');
      await stage.untilReason('shop-v2', ['Succeeded']);
      await stage.untilServed('v2');
    },
  },
  {
    title: 'a version that fails 30 % of its requests comes back, and is not let in again',
    play: async (stage) => {
      const ordered = performance.now();
      await stage.promote('v3');
      await stage.untilReason('shop-v3', ['RolledBack']);
      const back = ((performance.now() - ordered) / 1000).toFixed(1);
      await stage.untilServed('v2');
      const { asked, failed } = await stage.requestsOf('v3');
      if (failed === 0) throw new Error(`none of its ${asked} requests failed`);
      await stage.promote('v3', 'shop-v3-again');
      const reason = await stage.untilReason('shop-v3-again', ['Quarantined']);
      return `RolledBack ${back} s after it was ordered, ${failed} of its ${asked} requests had failed; then ${reason}`;
    },
  },
  {
    title: 'a version whose image does not exist comes back: its pods never start',
    play: async (stage) => {
      await stage.order('shop-nowhere', 'nowhere', NOWHERE);
      await stage.untilReason('shop-nowhere', ['RolledBack'], 180);
      await stage.untilServed('v2');
    },
  },
];
