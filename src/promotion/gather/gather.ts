import { parseDecision, parseGate, type RawObject } from '../../api/v1alpha1/parse.ts';
import type { Environment, Gate, Promotion } from '../../api/v1alpha1/types.ts';
import { type FreezeOrder, freezeOrders } from '../../environment/calendar.ts';
import { BY_PROMOTION, FREEZES } from '../indexes.ts';
import type { Input, Order } from '../input.ts';
import { inOrder } from '../orders.ts';
import { digestsOf, inheritedBy, recordsOf } from './asked.ts';
import { rivalsOf, successorsOf } from './others.ts';
import { assignmentOf, environmentNamed, type Sources, targetsOf } from './sources.ts';

function gatesOf(
  sources: Sources,
  promotion: Promotion,
  environment: Environment | undefined,
): Map<string, Gate> {
  const bindings = [
    ...(environment?.spec.gates ?? []),
    ...(promotion.spec.gates ?? []),
    ...(promotion.status?.plan?.gates ?? []),
  ];
  const found = new Map<string, Gate>();
  for (const { gate } of bindings) {
    const raw = sources.gates.get(promotion.metadata.namespace, gate);
    const parsed = raw && parseGate(raw);
    if (parsed?.ok) found.set(gate, parsed.object);
  }
  return found;
}

/** Decisions on this promotion: for its UID, and for its Environment. */
function ordersOf(sources: Sources, promotion: Promotion): Order[] {
  const { uid, namespace } = promotion.metadata;
  const orders = sources.decisions.byIndex(BY_PROMOTION, uid).flatMap((raw): Order[] => {
    const parsed = parseDecision(raw);
    if (!parsed.ok || parsed.object.metadata.namespace !== namespace) return [];
    const { metadata, spec } = parsed.object;
    if (spec.environment !== promotion.spec.environment) return [];
    const { by, verdict, reason } = spec;
    if (verdict !== 'Hold' && verdict !== 'Resume' && verdict !== 'Abort') return [];
    return [
      {
        name: metadata.name,
        uid: metadata.uid,
        by,
        verdict,
        at: Date.parse(metadata.creationTimestamp),
        reason,
      },
    ];
  });
  return inOrder(orders);
}

/** Freezes and Thaws of its Environment by a person. */
function freezesFor({ decisions }: Sources, { metadata, spec }: Promotion): FreezeOrder[] {
  const found = decisions.byIndex(FREEZES, `${metadata.namespace}/${spec.environment}`);
  if (found.length === 0) return [];
  return freezeOrders(
    found.flatMap((raw) => {
      const parsed = parseDecision(raw);
      return parsed.ok ? [parsed.object] : [];
    }),
  );
}

/**
 * Everything that a decision depends on. The records are fetched first; all the rest is then read
 * from the caches at one moment, with no await between it and the decision.
 */
export async function gather(sources: Sources, raw: RawObject, promotion: Promotion): Promise<Input> {
  const records = await recordsOf(sources, promotion);
  const digests = await digestsOf(sources, promotion);
  const inherited = await inheritedBy(sources, promotion, rivalsOf(sources, promotion));

  const environment = environmentNamed(sources, promotion);
  const owner = `${raw.metadata.namespace}/${raw.metadata.name}`;
  const { namespace, uid } = promotion.metadata;
  const targets = targetsOf(promotion, environment);
  return {
    now: sources.now(),
    promotion,
    environment,
    gates: gatesOf(sources, promotion, environment),
    rivals: rivalsOf(sources, promotion),
    successors: promotion.status?.plan ? [] : successorsOf(sources, promotion),
    orders: ordersOf(sources, promotion),
    freezes: freezesFor(sources, promotion),
    source: promotion.spec.from && environmentNamed(sources, promotion, promotion.spec.from.environment),
    claimed: new Map(
      targets.flatMap((t): [string, string][] => {
        const claimant = sources.claimant(namespace, t);
        return claimant === undefined || claimant === uid ? [] : [[t.name, claimant]];
      }),
    ),
    subjects: targets.map((target) => {
      const recorded = records.get(target.name);
      const observation = sources.delivery.observe(assignmentOf(promotion, target, recorded));
      const seen = digests.get(target.name);
      const heritage = inherited.get(target.name);
      return {
        target,
        observation,
        recorded,
        ...(heritage && { inherited: heritage }),
        ...(seen && { digests: seen }),
      };
    }),
    judgement: (binding, target) => sources.judgement(owner, binding, target),
    windowSeconds: (gate, binding) => sources.windowSeconds(gate, binding),
  };
}
