import { PASSING, UNDECIDED } from '../harness/gates.ts';
import { sluicePath } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { dieAtAbort } from './blows.ts';
import { endsAs } from './ending.ts';
import { forgetLease, HomeLanes, mistrust } from './home.ts';
import { play, type Playing } from './play.ts';
import type { SceneName } from './scenes.ts';
import type { Stage } from './stage.ts';

/* Where a request of the operator happens, so that a fault can hit it. */

/** A way to play a scene. */
export type Where =
  | 'bad'
  | 'good'
  | 'takenBack'
  /** The operator dies at its abort, so that it asks again for what it knew. */
  | 'aborted'
  /** The operator is started anew, so that it has no credentials yet. */
  | 'asked'
  /** Only a tag is promoted. */
  | 'tagged'
  /** A gate is edited twice while it is asked: the same event twice. */
  | 'edited'
  /** An operator that elects itself, and lets go of Decisions and of a dry run; it finds neither Lease nor record. */
  | 'short-lived'
  /** The same, and the record is of other policies. */
  | 'mistrusted';

interface Way {
  scene: SceneName;
  ending: string;
  /** In a lane with a Lease of its own. */
  home?: true;
  /** Comes before the fault is in force; what it answers, after. */
  begin?(playing: Playing, failed: (error: unknown) => void): Promise<(() => Promise<void>) | void> | void;
  act?(playing: Playing): Promise<void>;
  expect?(playing: Playing): Promise<void>;
}

const WAYS: Record<Where, Way> = {
  bad: { scene: 'bad', ending: 'RolledBack' },
  good: { scene: 'good', ending: 'Succeeded' },
  takenBack: { scene: 'takenBack', ending: 'Succeeded' },
  aborted: { scene: 'bad', ending: 'RolledBack', begin: dieAtAbort },
  asked: {
    scene: 'good',
    ending: 'Succeeded',
    begin: async ({ lane }) => {
      await lane.lives.die();
      return () => lane.lives.restart();
    },
  },
  tagged: { scene: 'tagged', ending: 'Succeeded' },
  edited: { scene: 'judged', ending: 'Succeeded', act: editTheGate },
  'short-lived': {
    scene: 'agreed',
    ending: 'Succeeded',
    home: true,
    begin: async ({ lane }) => {
      await lane.lives.die();
      await forgetLease(lane, 'with the record');
      return () => lane.lives.restart();
    },
    act: besides,
    expect: untilTidy,
  },
  mistrusted: {
    scene: 'agreed',
    ending: 'Succeeded',
    home: true,
    begin: async ({ lane }) => {
      await lane.lives.die();
      await forgetLease(lane);
      await mistrust(lane);
      return () => lane.lives.restart();
    },
  },
};

/**
 * Plays a scene in which a request happens.
 * @param inject puts the fault in force; called when all is prepared.
 */
export async function playWhere(
  stage: Stage,
  where: Where,
  inject: (playing: Playing) => void,
): Promise<void> {
  const way = WAYS[where];
  const { scene, ending, home } = way;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const lanes = home ? HomeLanes.of(stage.lanes) : stage.lanes;
  const run = lanes.use((lane) =>
    play(lane, scene, {
      // Without a golden run, or with more done in it than there, it comes to rest, and ends so.
      end: way.act ? undefined : stage.goldens[scene]?.end,
      trouble: async (playing) => {
        const after = await way.begin?.(playing, reject);
        inject(playing);
        await after?.();
      },
      ...(way.act && { act: (playing) => way.act?.(playing) ?? Promise.resolve() }),
      expect: async (playing) => {
        await endsAs(playing, ending);
        await way.expect?.(playing);
      },
    }),
  );
  await Promise.race([run, failed]);
}

/** Edits the gate of a promotion that stands at its first pause, and lets it pass at last. */
async function editTheGate({ place, promotion, lane }: Playing): Promise<void> {
  const { api } = lane.world.cluster;
  const events = `/apis/events.k8s.io/v1/namespaces/${lane.namespace}/events`;
  for (const intervalSeconds of [2, 3]) {
    await until(`${promotion} has asked its gate as it is`, async (seen) => {
      const { metadata } = await api.get(sluicePath(lane.namespace, 'gates', place.app));
      const { status } = await place.promotion(promotion);
      seen(status?.gates);
      return status?.gates?.some((g) => g.step === 1 && g.gateGeneration === metadata.generation);
    });
    await place.apply('Gate', place.app, { ...UNDECIDED, intervalSeconds });
    // Two that come at once are written once.
    await until('it is told that it was edited', async () => {
      const { items } = await api.list<{
        metadata: { name: string };
        reason?: string;
        kind: string;
        apiVersion: string;
      }>(events);
      return items.some(
        ({ metadata, reason }) => reason === 'GateChanged' && metadata.name.includes(place.app),
      );
    });
  }
  await place.apply('Gate', place.app, PASSING);
}

/** What comes and goes beside a promotion: another Gate, and a dry run whose time is over at once. */
async function besides({ place, app, lane }: Playing): Promise<void> {
  await place.apply('Gate', `${app}-beside`, PASSING);
  const order = { ...place.orderOf('v3'), dryRun: true, ttlSecondsAfterFinished: 1 };
  await place.apply('Promotion', `${app}-dry`, order);
  const path = sluicePath(lane.namespace, 'promotions', `${app}-dry`);
  await until('the dry run has gone', async () => (await lane.world.cluster.api.find(path)) === undefined, {
    timeoutMs: 120_000,
  });
}

/** Waits until the other Gate is said to be ready, and no Decision is left. */
async function untilTidy({ app, lane }: Playing): Promise<void> {
  const { api } = lane.world.cluster;
  await until(
    'what was decided has gone, and the other Gate is ready',
    async (seen) => {
      const { items } = await api.list(sluicePath(lane.namespace, 'decisions'));
      const gate = await api.get<Ready>(sluicePath(lane.namespace, 'gates', `${app}-beside`));
      seen([items.map(({ metadata }) => metadata.name), gate.status]);
      const isReady = gate.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
      return isReady && !items.some(({ metadata }) => metadata.name.includes(app));
    },
    { timeoutMs: 60_000 },
  );
}

interface Ready {
  kind: string;
  apiVersion: string;
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] };
}
