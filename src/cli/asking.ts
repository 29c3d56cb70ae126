import type { Environment, Gate, Promotion } from '../api/v1alpha1/types.ts';
import { FOLLOW_UP } from '../environment/follow-ups.ts';
import { resultFor } from '../promotion/approvals.ts';
import { bindingsOf } from '../promotion/bindings.ts';
import { hasEnded } from '../promotion/status.ts';
import { CliError } from './errors.ts';

/** What it depends on which gate is meant where none is named. */
export interface Asked {
  promotion: Promotion;
  environment: Environment | undefined;
  gates: readonly Gate[];
}

/**
 * The gate that is meant where none is named: the one that asks now, else `follow-up` where that is due, else the only
 * one that has not passed.
 * @throws CliError where none asks, or several do
 */
export function gateThatAsks({ promotion, environment, gates }: Asked): string {
  const { name, uid } = promotion.metadata;
  const approvals = new Set(gates.filter((g) => g.spec.approval).map((g) => g.metadata.name));
  const open = hasEnded(promotion)
    ? []
    : bindingsOf({ promotion, environment }).filter(
        (b) => approvals.has(b.gate) && resultFor(promotion, b)?.verdict !== 'Pass',
      );
  // A gate that asks has said so in status; others are asked later, at some weight or in the end.
  const asks = open.filter((b) => resultFor(promotion, b));
  const isDue = environment?.status?.followUps?.some((f) => f.uid === uid) ?? false;
  if (asks.length === 0 && isDue) return FOLLOW_UP;
  const [first, ...others] = new Set((asks.length > 0 ? asks : open).map(({ gate }) => gate));
  if (first === undefined)
    throw new CliError(
      `no approval gate of ${name} asks for anything: see kubectl describe promotion ${name}`,
    );
  if (others.length > 0)
    throw new CliError(`several gates ask: name one of ${[first, ...others].join(', ')} with --gate`);
  return first;
}
