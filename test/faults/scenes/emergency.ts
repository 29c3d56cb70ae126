import { untilProven } from '../../harness/people.ts';
import { AskedPlace, decideAs, decideWell, named, theCast } from './persons-act.ts';
import { environmentOf, optionsFor, type Scene } from './scene.ts';
import { untilPlace } from './waiting.ts';

export const emergency: Scene = {
  title: 'an emergency that passes over a freeze and an approval, and is approved afterwards',
  prepare: async (setting, app) => {
    await Promise.all([theCast(setting), untilProven(setting.cluster)]);
    const order = { changeType: 'Emergency', emergency: { ticket: 'INC-7', justification: 'it is down' } };
    const place = new AskedPlace(setting, app, order);
    await place.prepare(optionsFor(setting));
    await place.apply('Gate', `${app}-cab`, { approval: { required: 2 } });
    const gates = [
      { gate: `${app}-cab`, when: 'Before' },
      { gate: app, when: 'During' },
    ];
    const more = {
      freeze: { reason: 'year end' },
      emergency: { maySkip: ['Freeze', 'Approval'], followUpSeconds: 3600 },
    };
    await place.apply('Environment', app, environmentOf(app, gates, more));
    return place;
  },
  decide: async (setting, asked) => {
    const { app, place, promotion } = asked;
    await untilPlace(place, 'that it is to be approved afterwards', (s) => (s.followUps ?? []).length > 0);
    const spec = {
      verdict: 'Approve',
      environment: app,
      gate: 'follow-up',
      ...(await named(asked)),
    } as const;
    const fate = await decideAs(setting, 'alice', 'own', spec);
    if (fate !== 'SelfApproval')
      throw new Error(`who asked for ${promotion} settled it, which came to ${fate}`);
    await decideWell(setting, 'bob', 'afterwards', spec);
    await untilPlace(place, 'that nothing is due', (s) => (s.followUps ?? []).length === 0);
  },
};
