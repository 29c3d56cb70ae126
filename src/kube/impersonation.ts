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
 * are added below it, as one name with several values, since a proxy's agent keeps of a name given twice the last only.
 */
export function impersonating({ user, groups, uid }: Impersonation): Interceptor {
  const added = {
    'Impersonate-User': user,
    ...(groups.length > 0 && { 'Impersonate-Group': [...groups] }),
    ...(uid !== undefined && { 'Impersonate-Uid': uid }),
  };
  return (dispatch) => (options, handler) =>
    dispatch({ ...options, headers: { ...named(options.headers), ...added } }, handler);
}

/** Headers by name. */
function named(
  headers: Parameters<Dispatcher['dispatch']>[0]['headers'],
): Record<string, string | number | string[] | undefined> {
  if (!headers) return {};
  if (Symbol.iterator in headers && !Array.isArray(headers)) return Object.fromEntries(headers);
  if (!Array.isArray(headers)) return headers;
  // Names and values in turn.
  const flat = headers.map(String);
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])));
}
