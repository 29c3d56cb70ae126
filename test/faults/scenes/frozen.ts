import { setTimeout as delay } from 'node:timers/promises';
import { UNDECIDED } from '../../harness/gates.ts';
import { Place } from '../../harness/promotions.ts';
import type { Version } from '../history.ts';
import { decideWell } from './persons-act.ts';
import { errorShare, optionsFor, type Scene } from './scene.ts';
import { untilPlace, untilState } from './waiting.ts';

/* A place is frozen under a promotion that is in flight, and thawed later. */

/** A gate that passes has been asked meanwhile, and the Thaw is of a later second than the Freeze. */
const FROZEN_MS = 3000;

/** From when the promotion says that the place is frozen to when somebody thaws it: a step that was left meanwhile. */
function goneOn(versions: readonly Version[], promotion: string): string[] {
  const from = versions.find(
    (v) =>
      v.kind === 'Promotion' &&
      v.object.metadata.name === promotion &&
      v.object.status?.conditions?.some((c) => c.type === 'Succeeded' && c.reason === 'Frozen'),
  )?.at;
  const to = versions.find((v) => v.kind === 'Decision' && v.object.spec.verdict === 'Thaw')?.at;
  if (from === undefined || to === undefined) return ['it was not frozen and thawed'];
  const steps = versions.flatMap((v) =>
    v.kind === 'Rollout' && v.at > from && v.at < to ? [v.object.status?.currentStepIndex] : [],
  );
  return new Set(steps).size > 1 ? [`while it was frozen it stood at steps ${steps.join(', ')}`] : [];
}

export const frozen: Scene = {
  title: 'a good promotion whose place is frozen in mid-canary, and thawed',
  prepare: (setting, app) =>
    // Until it is frozen its gate says neither yes nor no, so that every run is frozen at the same step.
    new Place(setting.api, setting.namespace, app).prepare({ ...optionsFor(setting), gate: UNDECIDED }),
  decide: async (setting, { app, place, promotion }) => {
    await untilState(place, app, 'Analysing');
    const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
    const on = { environment: app, reason: 'nobody is here' };
    await decideWell(setting, 'admin', 'freeze', { verdict: 'Freeze', ...on, until });
    await place.untilReason(promotion, 'Frozen');
    await untilPlace(place, 'that it is frozen', (s) => s.freeze !== undefined);
    await place.apply('Gate', app, errorShare(setting));
    await delay(FROZEN_MS);
    await decideWell(setting, 'admin', 'thaw', { verdict: 'Thaw', ...on });
  },
  broken: (versions, { promotion }) => goneOn(versions, promotion),
};
