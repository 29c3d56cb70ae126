import { digestOf } from '../../api/v1alpha1/images.ts';
import type { KubeClient } from '../../kube/client.ts';
import { collectionPath } from '../../kube/paths.ts';
import { POD_HASH_LABEL } from './types.ts';

const PODS = { group: '', version: 'v1', plural: 'pods' };

interface Pod {
  metadata: { deletionTimestamp?: string };
  status?: { containerStatuses?: { name: string; imageID?: string }[] };
}

/** Digests that the pods of one template hash run, by container, as the container runtime reports them. */
export async function digestsOfPods(
  client: KubeClient,
  namespace: string,
  hash: string,
): Promise<Record<string, readonly string[]>> {
  const pods = await client.listAll<Pod>(collectionPath(PODS, namespace), {
    labelSelector: `${POD_HASH_LABEL}=${hash}`,
  });
  const found = new Map<string, Set<string>>();
  for (const { metadata, status } of pods) {
    if (metadata.deletionTimestamp) continue;
    for (const { name, imageID = '' } of status?.containerStatuses ?? []) {
      // `repository@sha256:...`, with a scheme before it on some runtimes; without a digest before the pull.
      const digest = digestOf(imageID);
      if (digest) found.set(name, (found.get(name) ?? new Set()).add(digest));
    }
  }
  return Object.fromEntries([...found].map(([name, digests]) => [name, [...digests]]));
}
