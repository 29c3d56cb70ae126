import type { RolloutPatch } from '../../delivery/rollout/patches.ts';
import type { Rollout } from '../../delivery/rollout/types.ts';
import type { JsonPatchOperation } from '../../kube/json-patch.ts';
import { canonicalJson } from '../../runtime/hash.ts';

type Holder = Record<string, unknown> | undefined;

/** What is below; its own copy of it, where it is to be changed. */
function child(holder: Holder, segment: string, isChanged: boolean, own: Set<unknown>): Holder {
  const below = holder?.[segment] as Holder;
  if (!holder || !isChanged || typeof below !== 'object' || below === null || own.has(below)) return below;
  const copy = (Array.isArray(below) ? [...below] : { ...below }) as Record<string, unknown>;
  own.add(copy);
  holder[segment] = copy;
  return copy;
}

/** A JSON patch as the API server applies it: false when a test does not hold, and then nothing is changed. */
export function applyJsonPatch(target: object, operations: readonly JsonPatchOperation[]): boolean {
  // What lies on the way to a change is copied once, and all else is shared: nobody changes that in place.
  const copy = { ...target } as Record<string, unknown>;
  const own = new Set<unknown>([copy]);
  for (const operation of operations) {
    const segments = operation.path
      .slice(1)
      .split('/')
      .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = segments.pop() ?? '';
    let holder: Record<string, unknown> | undefined = copy;
    for (const segment of segments) holder = child(holder, segment, operation.op !== 'test', own);
    if (operation.op === 'test') {
      // A member that is not there passes for null; one below something that is not there passes for nothing.
      if (!holder || canonicalJson(holder[last] ?? null) !== canonicalJson(operation.value ?? null))
        return false;
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
  const { metadata } = rollout;
  if (applied && !subresource && isSpec)
    rollout.metadata = { ...metadata, generation: (metadata.generation ?? 0) + 1 };
  return applied;
}
