import type { KubeClient } from './client.ts';
import { isNotFound } from './errors.ts';
import type { StoreReader } from './informer.ts';
import { objectPath, type Resource } from './paths.ts';
import type { KubeObject } from './types.ts';

/** Whose finalizers they are, and where what is known of these objects is kept. */
export interface FinalizerPlace<T extends KubeObject> {
  client: KubeClient;
  resource: Resource;
  store: Pick<StoreReader<T>, 'upsertLocal'>;
}

/**
 * Adds or removes one finalizer, in a write of its own that is refused if anybody else wrote meanwhile: a merge
 * patch replaces the whole list, so it carries the resourceVersion.
 * @returns the object as the API server answered it, which the store is told at once; `object` itself when nothing was to be done, or it is gone
 * @throws ApiError 409 when somebody else wrote since `object` was read
 */
export async function setFinalizer<T extends KubeObject>(
  { client, resource, store }: FinalizerPlace<T>,
  object: T,
  finalizer: string,
  wanted: 'present' | 'absent',
): Promise<T> {
  const { uid, resourceVersion, finalizers = [], deletionTimestamp } = object.metadata;
  const isWanted = wanted === 'present';
  // Kubernetes adds no finalizer to what is being deleted.
  if (finalizers.includes(finalizer) === isWanted || (isWanted && deletionTimestamp)) return object;
  const others = finalizers.filter((f) => f !== finalizer);
  const metadata = { uid, resourceVersion, finalizers: isWanted ? [...others, finalizer] : others };
  try {
    const path = objectPath(resource, object.metadata.namespace, object.metadata.name);
    const kept = await client.patch<T>(path, { metadata }, 'merge');
    store.upsertLocal(kept);
    return kept;
  } catch (error) {
    if (isNotFound(error)) return object;
    throw error;
  }
}
