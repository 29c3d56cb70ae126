import { type RuleOf, ruleOf } from '../audit/records.ts';
import { neededFor } from './approvals.ts';
import { bindingsOf } from './bindings.ts';
import type { Input } from './input.ts';

/** What the gates of a promotion judge by, as they stand now. */
export function rulesOf(input: Input): RuleOf {
  const bindings = bindingsOf(input);
  return ({ gate: name, when }) => {
    const gate = input.gates.get(name);
    const args = bindings.find((b) => b.gate === name && b.when === when)?.args ?? [];
    const approval = gate?.spec.approval;
    return ruleOf(
      gate,
      Object.fromEntries(args.map((a) => [a.name, a.value])),
      approval ? neededFor(approval, input) : 0,
    );
  };
}
