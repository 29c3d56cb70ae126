import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from './client.ts';
import type { CallOptions } from './transport.ts';
import type { KubeObject } from './types.ts';

type JsonMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (map: JsonMap, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);

/**
 * The merge patch (RFC 7386) that turns `before` into `after`, undefined when they are equal. What is absent
 * from `after` is deleted with null; arrays are replaced whole. Undefined and null both count as absent, since
 * a merge patch cannot write a null.
 */
export function mergeDiff(before: unknown, after: unknown): unknown {
  // What JSON leaves out (undefined above all) must not look like a change, deep inside an array either.
  const target: unknown = after === undefined ? undefined : JSON.parse(JSON.stringify(after));
  return diff(before, target);
}

function diff(before: unknown, after: unknown): unknown {
  if (!isMap(after)) return isDeepStrictEqual(before, after) ? undefined : after;
  const base = isMap(before) ? before : {};
  const changes: [string, unknown][] = [];
  for (const key of new Set([...Object.keys(base), ...Object.keys(after)])) {
    const [was, is] = [own(base, key) ?? undefined, own(after, key) ?? undefined];
    const change = is === undefined ? (was === undefined ? undefined : null) : diff(was, is);
    if (change !== undefined) changes.push([key, change]);
  }
  // fromEntries, because assigning a key that is called __proto__ would not make a field.
  return changes.length === 0 && isMap(before) ? undefined : Object.fromEntries(changes);
}

/**
 * Writes a status with one merge patch on the status subresource, guarded by the resourceVersion of `object`
 * (server-side apply with force has no such guard). Sends nothing when `object` has that status already.
 * @param path of the object, not of its status
 * @returns the object as the API server answered it, or `object` itself when nothing was sent
 * @throws ApiError 409 when somebody else wrote since `object` was read
 */
export async function patchStatus<T extends KubeObject & { status?: unknown }>(
  client: KubeClient,
  path: string,
  object: T,
  status: unknown,
  options: CallOptions = {},
): Promise<T> {
  const change = mergeDiff(object.status, status);
  if (change === undefined) return object;
  const { uid, resourceVersion } = object.metadata;
  return client.patch<T>(
    `${path}/status`,
    { metadata: { uid, resourceVersion }, status: change },
    'merge',
    options,
  );
}
