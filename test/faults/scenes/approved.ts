import { setTimeout as delay } from 'node:timers/promises';
import type { Decision } from '../../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../../harness/api.ts';
import { decisionOf, untilProven } from '../../harness/people.ts';
import { Place, reasonOf, sluicePath } from '../../harness/promotions.ts';
import { until } from '../../harness/until.ts';
import { AskedPlace, decideAs, decideWell, named, theCast } from './persons-act.ts';
import { type Asked, environmentOf, optionsFor, type Scene, type Setting } from './scene.ts';

/* Promotions that persons approve before anything is changed. */

async function withApproval(setting: Setting, place: Place, approval: object): Promise<Place> {
  const { app } = place;
  await place.prepare(optionsFor(setting));
  await place.apply('Gate', `${app}-cab`, { approval });
  const gates = [
    { gate: `${app}-cab`, when: 'Before' },
    { gate: app, when: 'During' },
  ];
  await place.apply('Environment', app, environmentOf(app, gates));
  return place;
}

/** An Approve of exactly this, once it is asked for. */
async function approval(asked: Asked): Promise<Parameters<typeof decideAs>[3]> {
  const { app, place, promotion } = asked;
  await place.untilReason(promotion, 'AwaitingApproval');
  return { verdict: 'Approve', environment: app, gate: `${app}-cab`, ...(await named(asked)) };
}

/** Four eyes: alice has asked for it, so her own Approve counts for nothing, and it waits for bob's. */
export const approved: Scene = {
  title: 'a promotion that somebody else than who asked for it approves',
  prepare: async (setting, app) => {
    await Promise.all([theCast(setting), untilProven(setting.cluster)]);
    return withApproval(setting, new AskedPlace(setting, app), { required: 1 });
  },
  decide: async (setting, asked) => {
    const spec = await approval(asked);
    const fate = await decideAs(setting, 'alice', 'own', spec);
    if (fate !== 'SelfApproval') throw new Error(`who asked for it approved it, and it came to ${fate}`);
    await asked.place.untilReason(asked.promotion, 'AwaitingApproval');
    await decideWell(setting, 'bob', 'approve', spec);
  },
};

/** Whoever asked may approve, so that nothing has to be proven of them: for operators that know nobody yet. */
export const agreed: Scene = {
  title: 'a promotion that whoever asked for it may approve',
  prepare: (setting, app) =>
    withApproval(setting, new Place(setting.api, setting.namespace, app), { requesterMayApprove: true }),
  decide: agree,
};

/**
 * Approves until it counts: again, where it is said that the Decision was made before anybody's name was proven. An
 * operator that lets go of Decisions soon may have done so before its fate is seen.
 */
async function agree({ api, namespace }: Setting, asked: Asked): Promise<void> {
  const spec = await approval(asked);
  for (let nth = 1; ; nth += 1) {
    const name = `${asked.app}-approve-${nth}`;
    await api.create(sluicePath(namespace, 'decisions'), decisionOf(name, { by: 'admin', ...spec }));
    const isUsed = await until(
      `${name} has its fate`,
      async (seen) => {
        if (reasonOf(await asked.place.promotion(asked.promotion)) !== 'AwaitingApproval') return 'used';
        const decision = await api.find<Decision & KubeObject>(sluicePath(namespace, 'decisions', name));
        seen(decision?.status);
        return decision?.status?.conditions?.some((c) => c.reason === 'NotTrusted') && 'not used';
      },
      { timeoutMs: 120_000 },
    );
    if (isUsed === 'used') return;
    // Names are proven from some seconds after the policies came.
    await delay(1000);
  }
}
