import type { DecisionSpec } from '../../../src/api/v1alpha1/types.ts';
import { revisionDigest } from '../../../src/promotion/revision.ts';
import { ApiError } from '../../harness/api.ts';
import { rolloutPath, untilHealthy } from '../../harness/fixtures.ts';
import type { Rollout } from '../../harness/kinds.ts';
import { decideAs, decisionOf, entitle } from '../../harness/people.ts';
import { reasonOf, sluicePath } from '../../harness/promotions.ts';
import type { UserName } from '../../harness/users.ts';
import type { Scene } from '../scene.ts';
import { imageOf, NAMESPACE, type Stage } from '../stage.ts';

const PLACES = ['dev', 'staging', 'prod'] as const;

/** The digest of the revision that brings version `v`. */
const revisionOf = (v: number): string =>
  revisionDigest([
    { image: 'ghcr.io/acme/checkout', tag: `v${v}`, digest: `sha256:${String(v).repeat(64)}` },
  ]);
/** The name of the Promotion that Sluice makes of it by itself. */
const auto = (place: string, v: number): string => `auto-${place}-${revisionOf(v).slice(7, 19)}`;

/** What is not as it should be about the versions that the places declare. */
async function versions(stage: Stage, expected: Record<(typeof PLACES)[number], number>): Promise<string[]> {
  const problems: string[] = [];
  for (const place of PLACES) {
    const path = rolloutPath(NAMESPACE, `checkout-${place}`);
    const { spec } = await stage.world.cluster.api.get<Rollout>(path);
    const image = spec.template?.spec.containers[0]?.image ?? '';
    if (image !== imageOf('checkout', expected[place]))
      problems.push(`${place} declares ${image}, not v${expected[place]}`);
  }
  return problems;
}

/** Somebody approves what waits for prod, and says so. */
async function approve(stage: Stage, user: UserName, v: number): Promise<void> {
  const name = auto('prod', v);
  const { metadata } = await stage.promotion(name);
  await decideAs(stage.world.cluster, NAMESPACE, user, `${user}-approves-v${v}`, {
    verdict: 'Approve',
    environment: 'prod',
    promotion: { name, uid: metadata.uid },
    gate: 'cab',
    revisionDigest: revisionOf(v),
  });
  stage.timeline.say(`${user} approves`);
}

/** The present minute is closed, and the next one too where this one is nearly over. */
async function closeForAMoment(stage: Stage): Promise<void> {
  const now = new Date();
  const durationSeconds = now.getSeconds() > 45 ? 120 : 60;
  const path = sluicePath(NAMESPACE, 'environments', 'prod');
  await stage.world.cluster.api.patch(path, {
    spec: {
      windows: [{ name: 'lunch', kind: 'Deny', schedule: `${now.getMinutes()} * * * *`, durationSeconds }],
    },
  });
  stage.timeline.say(`prod is closed from now on, for a minute or less: window lunch`);
}

/** dev to staging to prod: by itself where it may, and by people where it has to. */
export const chain: Scene = {
  manifests: 'chain',
  acts: [
    {
      title: 'v1 serves, in three places',
      plot: 'dev, staging and prod are a chain: what is good in one may come to the next.',
      play: async (stage) => {
        const { cluster } = stage.world;
        for (const name of ['rollouts', 'gate', 'environments']) await stage.apply(name);
        for (const place of PLACES) await untilHealthy(cluster.api, NAMESPACE, `checkout-${place}`);
        // The change board, and somebody who may create Decisions and decide nothing.
        await entitle(cluster, NAMESPACE, 'bob', 'approver');
        await entitle(cluster, NAMESPACE, 'carol', 'approver');
        const create = { apiGroups: ['sluice.dev'], resources: ['decisions'], verbs: ['create'] };
        await entitle(cluster, NAMESPACE, 'eve', [create]);
        stage.timeline.say('three Rollouts are Healthy on v1; bob and carol are the change board');
        return [];
      },
    },
    {
      title: 'v2 rises by itself, as far as it may',
      plot: 'One Promotion to dev. When it is good there it comes to staging, soaks, and asks the change board for prod.',
      promotion: 'checkout-v2',
      play: async (stage) => {
        await stage.apply('promotion-v2');
        await stage.untilReason('checkout-v2', 'Succeeded');
        await stage.untilReason(auto('staging', 2), 'Succeeded');
        stage.timeline.say('good in staging: it soaks there for 8 s');
        const waiting = await stage.untilReason(auto('prod', 2), 'AwaitingApproval');
        const problems = await versions(stage, { dev: 2, staging: 2, prod: 1 });
        if (reasonOf(waiting) !== 'AwaitingApproval') problems.push(`prod is ${reasonOf(waiting)}`);
        return problems;
      },
    },
    {
      title: 'Two persons approve, and nobody in their name',
      plot: 'eve claims to be bob: the API server refuses. bob and carol approve; a window closes prod for a moment.',
      promotion: auto('prod', 2),
      play: async (stage) => {
        const problems: string[] = [];
        const { cluster } = stage.world;
        const name = auto('prod', 2);
        const forged: Partial<DecisionSpec> = {
          by: 'bob',
          verdict: 'Approve',
          environment: 'prod',
          promotion: { name, uid: (await stage.promotion(name)).metadata.uid },
          gate: 'cab',
          revisionDigest: revisionOf(2),
        };
        await cluster
          .apiAs('eve')
          .create(sluicePath(NAMESPACE, 'decisions'), decisionOf('forged', forged))
          .then(
            () => void problems.push('eve could approve as bob'),
            (error: unknown) => {
              if (!(error instanceof ApiError)) throw error;
              stage.timeline.say(`eve is refused: ${error.message.slice(error.message.indexOf('spec.by'))}`);
            },
          );
        await closeForAMoment(stage);
        await approve(stage, 'bob', 2);
        await approve(stage, 'carol', 2);
        await stage.untilReason(name, 'WindowClosed');
        await stage.untilReason(name, 'Succeeded');
        return [...problems, ...(await versions(stage, { dev: 2, staging: 2, prod: 2 }))];
      },
    },
    {
      title: 'v3 is bad, and gets no further than staging',
      plot: 'dev is quiet and finds nothing. staging does: it goes back there, and never comes to prod.',
      promotion: auto('staging', 3),
      play: async (stage) => {
        await stage.apply('promotion-v3');
        await stage.untilReason('checkout-v3', 'Succeeded');
        await stage.world.controls.behave(imageOf('checkout', 3), { errorRate: 0.3 });
        stage.timeline.say('v3 fails 30 % of its requests from now on');
        await stage.untilReason(auto('staging', 3), 'RolledBack');
        return versions(stage, { dev: 3, staging: 2, prod: 2 });
      },
    },
  ],
};
