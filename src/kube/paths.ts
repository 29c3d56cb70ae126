import { TerminalError } from '../runtime/errors.ts';
import type { KubeObject } from './types.ts';

/** A resource as the API server spells it; `group` is empty for the core group. */
export interface Resource {
  group: string;
  version: string;
  plural: string;
}

/**
 * Names arrive from tenants' objects, so a name that could leave its place in the path is refused here, in
 * the words of the API server (apimachinery `IsValidPathSegmentName`).
 */
function segment(what: string, value: string): string {
  if (value === '' || value === '.' || value === '..' || /[/%]/.test(value)) {
    throw new TerminalError(
      'InvalidName',
      `The ${what} '${value.slice(0, 64)}' cannot be part of an API path`,
    );
  }
  return encodeURIComponent(value);
}

/** Path of a collection: in one namespace, or over all of them (and of cluster-scoped objects) without one. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const version = segment('version', resource.version);
  const root =
    resource.group === '' ? `/api/${version}` : `/apis/${segment('group', resource.group)}/${version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${segment('namespace', namespace)}`;
  return `${root}${scope}/${segment('resource', resource.plural)}`;
}

/**
 * Path of one object, or of a subresource such as `status`.
 * @throws TerminalError `InvalidName` when a part contains '/' or '%', or is '.', '..' or empty
 */
export function objectPath(
  resource: Resource,
  namespace: string | undefined,
  name: string,
  subresource?: string,
): string {
  const path = `${collectionPath(resource, namespace)}/${segment('name', name)}`;
  return subresource === undefined ? path : `${path}/${segment('subresource', subresource)}`;
}

/** `namespace/name`, or `name` alone for a cluster-scoped object: the key of queues and caches. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The reverse of `keyOf`. */
export function splitKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The resource that a path addresses, for metric labels: `pods`, `promotions/status`; never a name. */
export function resourceLabel(path: string): string {
  const parts = (path.split('?', 1)[0] ?? '').split('/').filter((part) => part !== '');
  if (parts[0] !== 'api' && parts[0] !== 'apis') return 'other';
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  // `namespaces/x/pods` is about pods; `namespaces/x` and its subresources are about namespaces.
  const inner = rest[0] === 'namespaces' && rest.length > 2 && !/^(status|finalize)$/.test(rest[2] ?? '');
  const [plural, , subresource] = inner ? rest.slice(2) : rest;
  if (plural === undefined) return 'other';
  return subresource === undefined ? plural : `${plural}/${subresource}`;
}
