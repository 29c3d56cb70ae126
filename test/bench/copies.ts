import { createHash } from 'node:crypto';
import type { KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { putAll, storageKey, untilSeen } from './etcd.ts';
import { type GateOptions, gateOf } from './manifests.ts';
import { GATE, type Seed } from './seeds.ts';
import { type BenchWorld, each } from './worlds.ts';

/** Apps of one namespace, as a team may have. */
const PER_NAMESPACE = 100;

/** Where the copies can be listed: what the operator will ask for. */
const COLLECTIONS = [
  '/apis/sluice.dev/v1alpha1/environments',
  '/apis/sluice.dev/v1alpha1/promotions',
  '/apis/argoproj.io/v1alpha1/rollouts',
  '/apis/apps/v1/replicasets',
  '/apis/apps/v1/controllerrevisions',
];

/** What the operator lists at its start of each app: Environment, Promotion, Rollout and two ReplicaSets. */
const OBJECTS_OF_AN_APP = 5;

/** Apps with which there are so many objects. */
export function appsWith(objects: number): number {
  return objects / OBJECTS_OF_AN_APP;
}

export interface CopyOptions {
  /** How many. */
  n: number;
  /** Begins the names of the copies and of their namespaces; short. */
  prefix: string;
  gate: GateOptions;
  /** What the Environment does with a failure. */
  onFail?: 'Revert' | 'Hold';
}

/** Where a copy stands. */
export interface Copy {
  namespace: string;
  app: string;
}

/**
 * Copies a seed `n` times under other names, UIDs and pod hashes, into namespaces of 100 apps with one Gate each.
 * The copies are put into etcd and not written through the API: see `putAll`.
 */
export async function copySeed(world: BenchWorld, seed: Seed, options: CopyOptions): Promise<Copy[]> {
  const { n, prefix, gate, onFail = 'Revert' } = options;
  const { api } = world.cluster;
  const spaces = Array.from({ length: Math.ceil(n / PER_NAMESPACE) }, (_, i) => `${prefix}-${digits(i, 3)}`);
  await each(spaces, async (namespace) => {
    await world.cluster.createNamespace(namespace);
    await apply(api, gateOf(namespace, GATE, gate));
  });
  const copies = Array.from({ length: n }, (_, i) => ({
    namespace: spaces[Math.floor(i / PER_NAMESPACE)] ?? '',
    app: `${prefix}-app-${digits(i, 5)}`,
  }));
  const cached = seed.objects.filter(({ plural }) => plural !== 'controllerrevisions').length;
  if (cached !== OBJECTS_OF_AN_APP) throw new Error(`an app is ${cached} objects, not ${OBJECTS_OF_AN_APP}`);
  const template = templateOf(seed, onFail);
  const revision = await putAll(
    world.cluster.facts.etcdUrl,
    copies.flatMap((copy) => copyOf(template, seed, copy)),
  );
  for (const collection of COLLECTIONS) await untilSeen(api, collection, revision);
  return copies;
}

const digits = (i: number, width: number): string => String(i).padStart(width, '0');

/** The objects as they are stored, in one text, so that what refers to a name is renamed with it. */
function templateOf({ objects }: Seed, onFail: CopyOptions['onFail']): string {
  const stored = objects.map(({ plural, object }) => {
    const { resourceVersion: _, ...metadata } = object.metadata;
    const environment = plural === 'environments' && (object as KubeObject & { spec: object }).spec;
    const spec = environment && { spec: { ...environment, rollback: { onFail, deadlineSeconds: 120 } } };
    return { plural, object: { ...object, metadata, ...spec } };
  });
  return JSON.stringify(stored);
}

function copyOf(template: string, seed: Seed, { namespace, app }: Copy): { key: string; value: string }[] {
  // The namespace first, since its name has that of the app in it.
  let text = template.replaceAll(seed.namespace, namespace).replaceAll(seed.app, app);
  for (const { object, plural } of seed.objects) {
    const { uid = '', labels } = object.metadata;
    text = text.replaceAll(uid, uidFrom(`${uid}/${app}`));
    const hash = labels?.['rollouts-pod-template-hash'];
    if (plural === 'replicasets' && hash !== undefined)
      text = text.replaceAll(hash, hashFrom(`${hash}/${app}`));
  }
  const copies: { plural: string; object: KubeObject }[] = JSON.parse(text);
  return copies.map(({ plural, object }) => ({
    key: storageKey(object, plural),
    value: `${JSON.stringify(object)}\n`,
  }));
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function uidFrom(text: string): string {
  const hex = digest(text);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

const hashFrom = (text: string): string => digest(text).slice(0, 10);
