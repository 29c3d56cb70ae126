import { createRollout, untilHealthy } from '../../harness/fixtures.ts';
import { imageFor, Place } from '../../harness/promotions.ts';
import { environmentOf, optionsFor, type Scene } from './scene.ts';
import { untilOver } from './waiting.ts';

/** So long it has to be good upstream: long enough for a death and a restart in it. */
const SOAK_SECONDS = 3;

/** Where it rises to by itself. */
const nextOf = (app: string): string => `${app}-2`;

export const risen: Scene = {
  title: 'a good promotion that rises by itself to the next Environment, after its soak',
  prepare: async (setting, app) => {
    const { api, namespace } = setting;
    const next = nextOf(app);
    const place = new Place(api, namespace, app);
    const { replicas, steps } = optionsFor(setting);
    await Promise.all([
      place.prepare(optionsFor(setting)),
      // The same image, as the same thing runs in each Environment of a chain.
      createRollout(api, namespace, next, {
        image: imageFor(app, 'v1'),
        replicas: replicas ?? 2,
        steps: steps ?? [],
      }),
    ]);
    await untilHealthy(api, namespace, next);
    const upstream = { environments: [{ name: app, soakSeconds: SOAK_SECONDS }] };
    const autoPromote = 'WhenVerifiedUpstream';
    await place.apply(
      'Environment',
      next,
      environmentOf(next, [{ gate: app, when: 'During' }], { upstream, autoPromote }),
    );
    return place;
  },
  decide: async (setting, { app }) => {
    await untilOver(setting, (p) => p.spec.environment === nextOf(app));
  },
  broken: (versions, { app }) => {
    const made = versions.flatMap((v) =>
      v.kind === 'Promotion' && v.object.spec.environment === nextOf(app) ? [v.object.metadata.uid] : [],
    );
    const count = new Set(made).size;
    return count === 1 ? [] : [`it rose ${count} times`];
  },
};
