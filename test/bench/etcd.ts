import type { Api, KubeObject } from '../harness/api.ts';
import { until } from '../harness/until.ts';

/** Operations of one transaction; etcd refuses more than 128, and requests larger than 1.5 MiB. */
const AT_ONCE = 64;

/** Where the API server keeps an object (`--etcd-prefix`, k8s.io/apiserver registry). */
export function storageKey({ apiVersion, metadata }: KubeObject, plural: string): string {
  const [group, version] = apiVersion.split('/');
  // Built-in kinds are kept by resource alone, custom ones with their group.
  const isBuiltIn = version === undefined || !group?.includes('.');
  const place = isBuiltIn ? plural : `${group}/${plural}`;
  return ['/registry', place, ...(metadata.namespace ? [metadata.namespace] : []), metadata.name].join('/');
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Puts objects into etcd as the API server would have, thousands a second: what a running cluster has is there
 * without the minutes that writing it through the API takes. The API server sees them by its own watch of etcd.
 * The objects must be as stored: with uid and creationTimestamp, without resourceVersion.
 * @returns the revision of the last one, which is a resourceVersion.
 */
export async function putAll(
  etcdUrl: string,
  objects: readonly { key: string; value: string }[],
): Promise<string> {
  let last = '0';
  for (let from = 0; from < objects.length; from += AT_ONCE) {
    const success = objects
      .slice(from, from + AT_ONCE)
      .map(({ key, value }) => ({ requestPut: { key: base64(key), value: base64(value) } }));
    const answer = await fetch(`${etcdUrl}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) });
    if (!answer.ok) throw new Error(`etcd: ${answer.status} ${await answer.text()}`);
    const { header } = (await answer.json()) as { header: { revision: string } };
    last = header.revision;
  }
  return last;
}

/**
 * Waits until the API server has seen that revision of a collection by its own watch. Before that it answers lists
 * that ask for something newer than it has with 504.
 */
export async function untilSeen(api: Api, collection: string, revision: string): Promise<void> {
  // The name selects nothing, so that the answer is small, and comes from the API server's cache.
  const query = `resourceVersion=${revision}&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Dnone`;
  await until(`the API server has seen ${collection}`, () => api.list(`${collection}?${query}`), {
    timeoutMs: 180_000,
  });
}
