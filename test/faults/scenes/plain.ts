import { FAILING, UNDECIDED } from '../../harness/gates.ts';
import { Fleet } from '../../harness/fleet.ts';
import { imageFor, Place, revisionImage } from '../../harness/promotions.ts';
import { environmentOf, optionsFor, type Scene, TIMING } from './scene.ts';
import { failRequests, untilState } from './waiting.ts';

/* Promotions on which nobody decides but their gates. */

/** Neither good nor bad, by its gate. */
const DOUBTFUL = { errorRate: 0.3 };

/** A place in which versions are named by their tags alone. */
class TaggedPlace extends Place {
  override orderOf(version: string): ReturnType<Place['orderOf']> {
    const { image, tag } = revisionImage(this.app, version);
    return { environment: this.app, revision: { images: [{ image, tag }] } };
  }
}

export const good: Scene = {
  title: 'a good promotion',
  prepare: (setting, app) => new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting)),
};

export const bad: Scene = {
  title: 'a bad promotion, with its revert',
  prepare: async (setting, app) => {
    await setting.controls.behave(imageFor(app, 'v2'), DOUBTFUL);
    return new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
  },
  fail: (setting, place, patienceMs) => failRequests(setting, place, place.app, patienceMs),
};

export const waves: Scene = {
  title: 'two targets in waves, of which the second fails',
  prepare: async (setting, app) => {
    await setting.controls.behave(imageFor(`${app}-2`, 'v2'), DOUBTFUL);
    const steps = [{ setWeight: 50 }, { pause: {} }];
    return new Fleet(setting.api, setting.namespace, app, [0, 1]).prepare({ ...optionsFor(setting), steps });
  },
  fail: (setting, place, patienceMs) => failRequests(setting, place, `${place.app}-2`, patienceMs),
};

export const blueGreen: Scene = {
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
    const analysis = { ...TIMING, bakeSeconds: 600 };
    await place.apply('Environment', app, environmentOf(app, gates, { analysis }));
    return place;
  },
  fail: async (_, place) => {
    await untilState(place, place.app, 'Baking');
    await place.apply('Gate', `${place.app}-late`, FAILING);
  },
};

export const unhurried: Scene = {
  title: 'a good promotion that takes its time: each stage is told by itself',
  prepare: (setting, app) =>
    new Place(setting.api, setting.namespace, app).prepare({
      ...optionsFor(setting),
      // News of what takes longer than 5 s is not kept for the next write; and the gate passes after some 6 s of its
      // bake, which a bake of 6 s would tell in some runs and not in others.
      analysis: { ...TIMING, settleSeconds: 6, bakeSeconds: 10 },
    }),
};

export const tagged: Scene = {
  title: 'a good promotion of a tag without a digest',
  prepare: (setting, app) =>
    new TaggedPlace(setting.api, setting.namespace, app).prepare(optionsFor(setting)),
};

export const judged: Scene = {
  title: 'a promotion that is judged at its first pause until somebody edits the gate',
  prepare: (setting, app) =>
    new Place(setting.api, setting.namespace, app).prepare({ ...optionsFor(setting), gate: UNDECIDED }),
};
