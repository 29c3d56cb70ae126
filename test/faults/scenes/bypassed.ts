import { UNDECIDED } from '../../harness/gates.ts';
import { Place } from '../../harness/promotions.ts';
import { decideWell, named } from './persons-act.ts';
import { environmentOf, optionsFor, type Scene } from './scene.ts';
import { untilState } from './waiting.ts';

export const bypassed: Scene = {
  title: 'a good promotion that a person lets pass a gate that cannot decide',
  prepare: async (setting, app) => {
    const place = await new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
    await place.apply('Gate', `${app}-doubt`, UNDECIDED);
    const gates = [app, `${app}-doubt`].map((gate) => ({ gate, when: 'During' }));
    await place.apply('Environment', app, environmentOf(app, gates));
    return place;
  },
  decide: async (setting, asked) => {
    const { app, place } = asked;
    await untilState(place, app, 'Analysing');
    const { promotion } = await named(asked);
    const why = { ticket: 'CHG-31', reason: 'its data is of yesterday' };
    await decideWell(setting, 'admin', 'bypass', {
      verdict: 'Bypass',
      environment: app,
      promotion,
      gate: `${app}-doubt`,
      ...why,
    });
  },
};
