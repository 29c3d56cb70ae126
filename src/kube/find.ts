import type { KubeClient } from './client.ts';
import { collectionPath, type Resource } from './paths.ts';
import type { KubeObject } from './types.ts';

/**
 * One object as the API server has it now, where a cache may be behind: by a list of one, so that it takes no right but
 * to list. Undefined: there is none.
 * @throws ApiError and TransportError when it does not say
 */
export async function findStored<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  const path = collectionPath(resource, namespace);
  const { items } = await client.list<T>(path, { fieldSelector: `metadata.name=${name}` });
  return items[0];
}
