import type { Decision, DecisionSpec } from '../../api/v1alpha1/types.ts';
import { decide } from '../../decision/decide.ts';
import { isRefused, isTold } from '../../api/v1alpha1/accepted.ts';
import { oldestFirst } from '../approvals.ts';
import { toTime } from '../../runtime/time.ts';
import type { World } from './world.ts';

/** What Decisions say themselves became of them, by UID; once said it stays. */
export interface Fates {
  told: ReadonlySet<string>;
  refused: ReadonlySet<string>;
}

/** A Decision as the API server has it. */
function stored(
  { promotion }: World,
  said: Pick<DecisionSpec, 'by' | 'verdict'> & { uid: string; at: number },
) {
  const { uid, at, by, verdict } = said;
  const { gate, revisionDigest } = said as Partial<DecisionSpec>;
  const { name, uid: on } = promotion.metadata;
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Decision',
    metadata: { ...promotion.metadata, name: uid, uid, creationTimestamp: toTime(at) },
    spec: {
      by,
      verdict,
      environment: promotion.spec.environment,
      promotion: { name, uid: on },
      gate,
      revisionDigest,
    },
  } satisfies Decision;
}

/** What the Decisions' controller makes of what people have said, by what is written down of the promotion. */
export function fatesIn(world: World): Fates {
  const { promotion, environment, scene, now, approvals, orders } = world;
  const told = new Set(world.told);
  const refused = new Set(world.refused);
  const status = world.stored ? world.stored.status : promotion.status;
  for (const said of [...approvals, ...orders]) {
    if (told.has(said.uid) || refused.has(said.uid)) continue;
    const decision: Decision = stored(world, said);
    const after = decide({
      now,
      decision,
      promotion: { ...promotion, status },
      environment,
      gate: scene.gates.get(decision.spec.gate ?? ''),
      approvals: oldestFirst(approvals.filter((a) => !refused.has(a.uid))),
      standing: { trusted: true, since: 0 },
    });
    if (isTold({ status: after })) told.add(said.uid);
    if (isRefused({ status: after })) refused.add(said.uid);
  }
  return { told, refused };
}
