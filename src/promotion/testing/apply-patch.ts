import type { RolloutPatch } from '../../delivery/rollout/patches.ts';
import type { Rollout } from '../../delivery/rollout/types.ts';
import type { JsonPatchOperation } from '../../kube/json-patch.ts';
import { canonicalJson } from '../../runtime/hash.ts';

/** A JSON patch as the API server applies it: false when a test does not hold, and then nothing is changed. */
export function applyJsonPatch(target: object, operations: readonly JsonPatchOperation[]): boolean {
  const copy = structuredClone(target) as Record<string, unknown>;
  for (const operation of operations) {
    const segments = operation.path
      .slice(1)
      .split('/')
      .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = segments.pop() ?? '';
    let parent: unknown = copy;
    for (const segment of segments) parent = (parent as Record<string, unknown> | undefined)?.[segment];
    const holder = parent as Record<string, unknown> | undefined;
    if (operation.op === 'test') {
      if (canonicalJson(holder?.[last]) !== canonicalJson(operation.value)) return false;
    } else if (!holder || (operation.op !== 'add' && !(last in holder))) return false;
    else if (operation.op === 'remove') delete holder[last];
    else holder[last] = structuredClone(operation.value);
  }
  Object.assign(target, copy);
  for (const key of Object.keys(target)) if (!(key in copy)) delete (target as Record<string, unknown>)[key];
  return true;
}

/** The same for a patch of a Rollout: a change of its spec is a new generation. */
export function applyRolloutPatch(rollout: Rollout, { operations, subresource }: RolloutPatch): boolean {
  const applied = applyJsonPatch(rollout, operations);
  const isSpec = operations.some(({ op, path }) => op !== 'test' && path.startsWith('/spec'));
  if (applied && !subresource && isSpec) rollout.metadata.generation = (rollout.metadata.generation ?? 0) + 1;
  return applied;
}
