import { FAILING, PASSING, UNDECIDED } from '../../harness/gates.ts';
import { Place } from '../../harness/promotions.ts';
import { decideWell, named } from './persons-act.ts';
import { optionsFor, type Scene } from './scene.ts';
import { untilPlace, untilState } from './waiting.ts';

export const released: Scene = {
  title: 'a bad promotion whose revision a person lets out of quarantine, and that is promoted again',
  prepare: (setting, app) =>
    // By words and not by requests: the same revision has the same pod hash, and its errors would count once more.
    new Place(setting.api, setting.namespace, app).prepare({ ...optionsFor(setting), gate: UNDECIDED }),
  fail: async (_, place, patienceMs) => {
    await untilState(place, place.app, 'Analysing', patienceMs);
    await place.apply('Gate', place.app, FAILING);
  },
  decide: async (setting, asked) => {
    const { app, place, promotion } = asked;
    await place.untilEnded(promotion);
    await untilPlace(place, 'what is refused', (s) => (s.quarantine ?? []).length > 0);
    const { revisionDigest } = await named(asked);
    const on = { environment: app, target: app, reason: 'it was the database' };
    await decideWell(setting, 'admin', 'release', { verdict: 'Release', ...on, revisionDigest });
    await place.apply('Gate', app, PASSING);
    // The same revision under another name, which stands for it in the words for writes.
    const again = `${app}-v3`;
    await place.promote('v2', again);
    await place.untilEnded(again);
  },
};
