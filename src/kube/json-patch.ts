import type { KubeObject } from './types.ts';

/** RFC 6902, the operations that are of use against an API server. */
export type JsonPatchOperation =
  | { op: 'test' | 'add' | 'replace'; path: string; value: unknown }
  | { op: 'remove'; path: string };

/** A JSON pointer (RFC 6901): annotation keys hold slashes, and `~1` is how a pointer spells them. */
export function pointer(...segments: readonly (string | number)[]): string {
  return segments
    .map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/**
 * Operations by name. All of a patch applies or none; a `test` that fails refuses it with 422, which makes a
 * patch a compare-and-swap on any field.
 */
export const jsonPatch = {
  test: (path: string, value: unknown): JsonPatchOperation => ({ op: 'test', path, value }),
  add: (path: string, value: unknown): JsonPatchOperation => ({ op: 'add', path, value }),
  replace: (path: string, value: unknown): JsonPatchOperation => ({ op: 'replace', path, value }),
  remove: (path: string): JsonPatchOperation => ({ op: 'remove', path }),
  /** Applies only to exactly this object in exactly this version. */
  guard: ({ metadata: { uid, resourceVersion } }: KubeObject): JsonPatchOperation[] => [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
  ],
};
