import { createHash } from 'node:crypto';
import { type Api, ApiError } from './api.ts';
import type { Condition, Container, Pod } from './kinds.ts';
import { follow } from './watch.ts';

/** The only node. Pods name it in `spec.nodeName`, so no scheduler is needed. */
export const NODE = 'node-0';

const RETRY_MS = 200;

/** How pods fare. */
export interface KubeletOptions {
  /** Whether a pod's containers become ready; asked again at each change of the pod. Yes unless given. */
  isReady?: (pod: Pod) => boolean;
  /** Exit code of a pod that is meant to end (`restartPolicy` other than Always); undefined lets it run on. 0 unless given. */
  exitCode?: (pod: Pod) => number | undefined;
  /** What an image reference without a digest names now; its own unless given. */
  digest?: (image: string) => string | undefined;
}

/** A running stand-in for the kubelet. */
export interface Kubelet {
  /** Looks at every pod again, after the answer of `isReady` or `exitCode` has changed. */
  review(): void;
  stop(): void;
}

/**
 * Plays the kubelet of one node without containers: pods run at once, end at once, and are deleted without
 * grace. Nothing in it waits, so what it does depends on the API server's objects alone.
 */
export async function startKubelet(api: Api, options: KubeletOptions = {}): Promise<Kubelet> {
  await createNode(api);
  const { isReady = () => true, exitCode = () => 0, digest = () => undefined } = options;
  const settle = (pod: Pod): void => {
    settlePod(api, pod, { isReady, exitCode, digest }).catch((error: unknown) => {
      // The pod has changed or gone meanwhile: the watch brings that by itself.
      if (error instanceof ApiError && [404, 409].includes(error.status)) return;
      setTimeout(() => again(pod), RETRY_MS);
    });
  };
  const again = ({ metadata }: Pod): void => {
    const now = pods.objects.get(`${metadata.namespace ?? ''}/${metadata.name}`);
    if (now && now.metadata.resourceVersion === metadata.resourceVersion) settle(now);
  };
  const pods = await follow<Pod>(api, `/api/v1/pods?fieldSelector=spec.nodeName%3D${NODE}`, settle);
  return {
    review: () => {
      for (const pod of pods.objects.values()) settle(pod);
    },
    stop: () => pods.stop(),
  };
}

async function settlePod(
  api: Api,
  pod: Pod,
  { isReady, exitCode, digest }: Required<KubeletOptions>,
): Promise<void> {
  const { namespace = '', name, uid, deletionTimestamp } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  if (deletionTimestamp) {
    // The uid keeps a late answer from deleting a new pod of the same name.
    await api.send('DELETE', path, { body: { gracePeriodSeconds: 0, preconditions: { uid } } });
    return;
  }
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
  const endsWith = (pod.spec.restartPolicy ?? 'Always') === 'Always' ? undefined : exitCode(pod);
  const status =
    endsWith === undefined ? runningStatus(pod, isReady(pod), digest) : endedStatus(pod, endsWith, digest);
  if (pod.status?.phase === status.phase && readiness(pod.status.conditions) === readiness(status.conditions))
    return;
  await api.patch(`${path}/status`, { metadata: { uid }, status }, 'strategic');
}

interface PodStatus {
  phase: string;
  conditions: Condition[];
  [field: string]: unknown;
}

function readiness(conditions: Condition[] = []): string | undefined {
  return conditions.find((c) => c.type === 'Ready')?.status;
}

type DigestOf = Required<KubeletOptions>['digest'];

function runningStatus(pod: Pod, ready: boolean, digest: DigestOf): PodStatus {
  const startedAt = pod.metadata.creationTimestamp;
  return {
    ...statusOf(pod, ready),
    phase: 'Running',
    podIP: addressOf(pod),
    podIPs: [{ ip: addressOf(pod) }],
    containerStatuses: pod.spec.containers.map((c) => ({
      ...containerStatus(c, digest),
      ready,
      started: ready,
      state: { running: { startedAt } },
    })),
  };
}

function endedStatus(pod: Pod, exitCode: number, digest: DigestOf): PodStatus {
  const at = pod.metadata.creationTimestamp;
  const terminated = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: at,
    finishedAt: at,
  };
  return {
    ...statusOf(pod, false),
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: pod.spec.containers.map((c) => ({
      ...containerStatus(c, digest),
      ready: false,
      started: false,
      state: { terminated },
    })),
  };
}

function statusOf(pod: Pod, ready: boolean): { conditions: Condition[]; startTime: string | undefined } {
  const status = ready ? 'True' : 'False';
  // minReadySeconds counts from here.
  const lastTransitionTime = new Date().toISOString();
  return {
    startTime: pod.metadata.creationTimestamp,
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Initialized', status: 'True' },
      { type: 'ContainersReady', status },
      { type: 'Ready', status, lastTransitionTime },
    ],
  };
}

function containerStatus({ name, image }: Container, digest: DigestOf): Record<string, unknown> {
  return { name, image, imageID: imageId(image, digest(image)), restartCount: 0 };
}

/** What a container runtime reports as imageID: the digest if the image names one, else one made from the reference. */
export function imageId(image: string, named?: string): string {
  const [reference = image, digest = named] = image.split('@');
  const lastSlash = reference.lastIndexOf('/');
  const tag = reference.indexOf(':', lastSlash);
  const repository = tag < 0 ? reference : reference.slice(0, tag);
  return `${repository}@${digest ?? `sha256:${createHash('sha256').update(image).digest('hex')}`}`;
}

/** An address of the pod network that nothing dials, spread by uid. */
function addressOf({ metadata }: Pod): string {
  const hash = createHash('sha256')
    .update(metadata.uid ?? metadata.name)
    .digest();
  return `10.244.${hash[0]}.${1 + ((hash[1] ?? 0) % 254)}`;
}

async function createNode(api: Api): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } },
  };
  await api.create('/api/v1/nodes', node).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  });
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Harness' }];
  await api.patch(`/api/v1/nodes/${NODE}/status`, { status: { conditions } }, 'strategic');
}
