import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, Promotion, TargetState } from '../../src/api/v1alpha1/types.ts';
import { revisionDigest } from '../../src/promotion/revision.ts';
import type { Controls } from '../harness/controls.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { Fleet } from '../harness/fleet.ts';
import { FAILING, UNDECIDED } from '../harness/gates.ts';
import { decisionOf } from '../harness/people.ts';
import {
  imageFor,
  Place,
  type PlaceOptions,
  reasonOf,
  revisionImage,
  sluicePath,
} from '../harness/promotions.ts';
import { until } from '../harness/until.ts';

/** Where a scene is played. */
export interface Setting {
  api: Api;
  controls: Controls;
  prometheusUrl: string;
  namespace: string;
}

/** A promotion whose end is known, played again and again under another name. */
export interface Scene {
  title: string;
  /** Makes everything but the promotion. */
  prepare(setting: Setting, app: string): Promise<Place>;
  /**
   * Makes it fail, once it stands where it is to fail: until then its gate says neither yes nor no, so that every run
   * takes the same way.
   */
  fail?(setting: Setting, place: Place, patienceMs: number | undefined): Promise<unknown>;
  /** What a person decides once it is asked for. */
  decide?(setting: Setting, of: Asked): Promise<unknown>;
}

interface Asked {
  app: string;
  promotion: string;
}

/** The Secret that every gate sends with its queries, and that must come to light nowhere. */
export const SECRET = 'planted';

/** As short as whole seconds allow; it settles for a second, so that a sample can be too early. */
export const TIMING = { settleSeconds: 1, minStepSeconds: 0, bakeSeconds: 1, maxBlindSeconds: 300 };

const requests = (more = ''): string =>
  `sum(http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ canaryHash }}"${more}})`;

/**
 * The share of failed requests since the canary began: without a range, so a sample may pass as soon as there is data,
 * and with no data it says nothing.
 */
export function errorShare({ prometheusUrl }: Setting): object {
  return {
    prometheus: {
      address: prometheusUrl,
      auth: { secretName: SECRET, type: 'Bearer' },
      // The first few requests say nothing. Within the query, since one of its own sees another scrape now and then.
      query: `((${requests(',code=~"5.."')} or vector(0)) / ${requests()}) and (${requests()} >= 10)`,
      pass: 'value <= 0.05',
      fail: 'value > 0.5',
    },
    intervalSeconds: 1,
    count: 1,
  };
}

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];

function optionsFor(setting: Setting): PlaceOptions {
  return { gate: errorShare(setting), analysis: TIMING, replicas: 2, steps: STEPS };
}

/** Neither good nor bad, by its gate. */
const DOUBTFUL = { errorRate: 0.3 };

/** Waits until a target stands so. */
function untilState(
  place: Place,
  target: string,
  state: TargetState,
  patienceMs = 120_000,
): Promise<unknown> {
  return until(
    `${target} of ${place.namespace} is ${state}`,
    async (seen) => {
      const { status } = await place.promotion(`${place.app}-v2`);
      seen(status?.targets);
      return status?.targets?.some((t) => t.name === target && t.state === state);
    },
    { timeoutMs: patienceMs },
  );
}

/** From now on every request to that target's new version fails. */
async function failRequests(
  { controls }: Setting,
  place: Place,
  target: string,
  patienceMs?: number,
): Promise<void> {
  await untilState(place, target, 'Analysing', patienceMs);
  await controls.behave(imageFor(target, 'v2'), { errorRate: 1 });
}

/** Waits until a promotion like this has ended. */
function untilOver(
  api: Api,
  namespace: string,
  isMeant: (promotion: Promotion & KubeObject) => boolean,
): Promise<unknown> {
  return until(
    'a promotion has ended',
    async (seen) => {
      const { items } = await api.list<Promotion & KubeObject>(sluicePath(namespace, 'promotions'));
      const found = items.find(isMeant);
      seen(found?.status);
      return found?.status?.completedAt !== undefined;
    },
    { timeoutMs: 150_000 },
  );
}

/**
 * Approves a promotion that asks for it; again, where it is said that the Decision was made before anybody's name was
 * proven.
 */
async function approve({ api, namespace }: Setting, { app, promotion }: Asked): Promise<void> {
  const find = (): Promise<Promotion & KubeObject> =>
    api.get<Promotion & KubeObject>(sluicePath(namespace, 'promotions', promotion));
  const asks = await until(`${promotion} asks for an approval`, async (seen) => {
    const found = await find();
    seen(found.status);
    return reasonOf(found) === 'AwaitingApproval' && found;
  });
  const { metadata, status } = asks;
  const spec = {
    by: 'admin',
    verdict: 'Approve',
    environment: app,
    promotion: { name: promotion, uid: metadata.uid },
    gate: `${app}-cab`,
    revisionDigest: status?.revisionDigest ?? '',
  } as const;
  for (let nth = 1; ; nth += 1) {
    const name = `${app}-approve-${nth}`;
    await api.create(sluicePath(namespace, 'decisions'), decisionOf(name, spec));
    const isUsed = await until(
      `${name} has its fate`,
      async (seen) => {
        if (reasonOf(await find()) !== 'AwaitingApproval') return 'used';
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

/** A place in which versions are named by their tags alone. */
class TaggedPlace extends Place {
  override orderOf(version: string): ReturnType<Place['orderOf']> {
    const { image, tag } = revisionImage(this.app, version);
    return { environment: this.app, revision: { images: [{ image, tag }] } };
  }
}

/** The scenes that are played under faults, each judged by real metrics of real requests. */
export const SCENES = {
  good: {
    title: 'a good promotion',
    prepare: (setting, app) => new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting)),
  },
  bad: {
    title: 'a bad promotion, with its revert',
    prepare: async (setting, app) => {
      await setting.controls.behave(imageFor(app, 'v2'), DOUBTFUL);
      return new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
    },
    fail: (setting, place, patienceMs) => failRequests(setting, place, place.app, patienceMs),
  },
  waves: {
    title: 'two targets in waves, of which the second fails',
    prepare: async (setting, app) => {
      await setting.controls.behave(imageFor(`${app}-2`, 'v2'), DOUBTFUL);
      const steps = [{ setWeight: 50 }, { pause: {} }];
      return new Fleet(setting.api, setting.namespace, app, [0, 1]).prepare({
        ...optionsFor(setting),
        steps,
      });
    },
    fail: (setting, place, patienceMs) => failRequests(setting, place, `${place.app}-2`, patienceMs),
  },
  blueGreen: {
    title: 'a blue-green that fails in its bake, after the switch',
    prepare: async (setting, app) => {
      const place = new Place(setting.api, setting.namespace, app);
      await place.prepare({ ...optionsFor(setting), blueGreen: { scaleDownDelaySeconds: 600 } });
      await setting.controls.preview(setting.namespace, app, 20);
      await place.apply('Gate', `${app}-late`, UNDECIDED);
      const gates = [
        { gate: app, when: 'During' },
        { gate: `${app}-late`, when: 'During', fromWeight: 100 },
      ];
      const targets = [{ name: app, rollout: { name: app } }];
      await place.apply('Environment', app, { targets, gates, analysis: { ...TIMING, bakeSeconds: 600 } });
      return place;
    },
    fail: async (_, place) => {
      await untilState(place, place.app, 'Baking');
      await place.apply('Gate', `${place.app}-late`, FAILING);
    },
  },
  approved: {
    title: 'a promotion that a person approves',
    prepare: async (setting, app) => {
      const place = await new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
      await place.apply('Gate', `${app}-cab`, { approval: { requesterMayApprove: true } });
      await place.apply('Environment', app, {
        targets: [{ name: app, rollout: { name: app } }],
        gates: [
          { gate: `${app}-cab`, when: 'Before' },
          { gate: app, when: 'During' },
        ],
        analysis: TIMING,
      });
      return place;
    },
    decide: approve,
  },
  takenBack: {
    title: 'a good promotion that a person takes back',
    prepare: async (setting, app) => {
      const place = await new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
      await place.promote('v3');
      await place.untilEnded(`${app}-v3`);
      // Its place in the history stays. It goes when its finalizer has gone, before anybody begins to look.
      const ended = sluicePath(setting.namespace, 'promotions', `${app}-v3`);
      await setting.api.delete(ended);
      await until(`${app}-v3 has gone`, async () => (await setting.api.find(ended)) === undefined);
      place.manifests.delete(`${app}-v3`);
      return place;
    },
    decide: async ({ api, namespace }, { app, promotion }) => {
      await untilOver(api, namespace, (p) => p.metadata.name === promotion);
      const spec = {
        by: 'admin',
        verdict: 'Rollback',
        environment: app,
        target: app,
        revisionDigest: revisionDigest([revisionImage(app, 'v3')]),
        reason: 'it was better before',
      } as const;
      await api.create(sluicePath(namespace, 'decisions'), decisionOf(`${app}-back`, spec));
      await untilOver(api, namespace, (p) => p.spec.environment === app && p.spec.rollback !== undefined);
    },
  },
  unhurried: {
    title: 'a good promotion that takes its time: each stage is told by itself',
    prepare: (setting, app) =>
      new Place(setting.api, setting.namespace, app).prepare({
        ...optionsFor(setting),
        // News of what takes longer than 5 s is not kept for the next write.
        analysis: { ...TIMING, settleSeconds: 6, bakeSeconds: 6 },
      }),
  },
  tagged: {
    title: 'a good promotion of a tag without a digest',
    prepare: (setting, app) =>
      new TaggedPlace(setting.api, setting.namespace, app).prepare(optionsFor(setting)),
  },
  judged: {
    title: 'a promotion that is judged at its first pause until somebody edits the gate',
    prepare: (setting, app) =>
      new Place(setting.api, setting.namespace, app).prepare({ ...optionsFor(setting), gate: UNDECIDED }),
  },
} as const satisfies Record<string, Scene>;

/** Name of a scene. */
export type SceneName = keyof typeof SCENES;
