import type { Dispatcher } from './dispatcher.ts';

/** As whom requests count instead of who sends them; needs the right to `impersonate`. */
export interface Impersonation {
  user: string;
  groups: readonly string[];
  uid?: string | undefined;
}

type Interceptor = Parameters<Dispatcher['compose']>[0];

/**
 * Adds the headers of an impersonation. A group is a header of its own each, which fetch would join into one: so they
 * are added below it.
 */
export function impersonating({ user, groups, uid }: Impersonation): Interceptor {
  const added = [
    'Impersonate-User',
    user,
    ...groups.flatMap((group) => ['Impersonate-Group', group]),
    ...(uid === undefined ? [] : ['Impersonate-Uid', uid]),
  ];
  return (dispatch) => (options, handler) =>
    dispatch({ ...options, headers: [...flat(options.headers), ...added] }, handler);
}

/** Names and values in turn. */
function flat(headers: Parameters<Dispatcher['dispatch']>[0]['headers']): string[] {
  if (!headers) return [];
  if (Array.isArray(headers)) return headers.map(String);
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, String(one)]),
  );
}
