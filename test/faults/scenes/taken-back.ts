import { revisionDigest } from '../../../src/promotion/revision.ts';
import { Place, revisionImage, sluicePath } from '../../harness/promotions.ts';
import { until } from '../../harness/until.ts';
import { decideWell } from './persons-act.ts';
import { optionsFor, type Scene } from './scene.ts';
import { untilOver } from './waiting.ts';

export const takenBack: Scene = {
  title: 'a good promotion that a person takes back',
  prepare: async (setting, app) => {
    const place = await new Place(setting.api, setting.namespace, app).prepare(optionsFor(setting));
    await place.promote('v3');
    await place.untilEnded(`${app}-v3`);
    // Its place in the history stays. It goes when its finalizer has gone, before anybody begins to look.
    const ended = sluicePath(setting.namespace, 'promotions', `${app}-v3`);
    await setting.api.delete(ended);
    await until(`${app}-v3 has gone`, async () => (await setting.api.find(ended)) === undefined);
    place.manifests.delete(`Promotion/${app}-v3`);
    return place;
  },
  decide: async (setting, { app, promotion }) => {
    await untilOver(setting, (p) => p.metadata.name === promotion);
    await decideWell(setting, 'admin', 'back', {
      verdict: 'Rollback',
      environment: app,
      target: app,
      revisionDigest: revisionDigest([revisionImage(app, 'v3')]),
      reason: 'it was better before',
    });
    await untilOver(setting, (p) => p.spec.environment === app && p.spec.rollback !== undefined);
  },
};
