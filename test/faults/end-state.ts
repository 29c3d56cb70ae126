import { isDeepStrictEqual } from 'node:util';
import type { Decision, Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import { canonicalJson } from '../../src/runtime/hash.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { rolloutPath } from '../harness/fixtures.ts';
import type { ReplicaSet, Rollout } from '../harness/kinds.ts';
import { digestFor, sluicePath } from '../harness/promotions.ts';

/** What an app has come to, without what differs from run to run. Two runs of a scene end in the same. */
export type EndState = Record<string, unknown>;

/** Reads all that belongs to an app: what is called after it, and the records kept for it. */
export async function endStateOf(api: Api, namespace: string, app: string): Promise<EndState> {
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const [promotions, environments, decisions, rollouts, sets, records] = await Promise.all([
    api.list<Promotion & KubeObject>(sluicePath(namespace, 'promotions')),
    api.list<Environment & KubeObject>(sluicePath(namespace, 'environments')),
    api.list<Decision & KubeObject>(sluicePath(namespace, 'decisions')),
    api.list<Rollout>(rolloutPath(namespace)),
    api.list<ReplicaSet>(`${apps}/replicasets`),
    api.list(`${apps}/controllerrevisions`),
  ]);
  // Promotions that the operator makes are called after what asked for them.
  const isOwn = ({ metadata, spec }: KubeObject & { spec?: { environment?: string } }): boolean =>
    metadata.name.includes(app) || (spec?.environment?.startsWith(app) ?? false);
  const own = <T extends KubeObject>({ items }: { items: T[] }, read: (item: T) => unknown): unknown[] =>
    items
      .filter(isOwn)
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
      .map(read);
  const state = {
    promotions: own(promotions, promotion),
    environments: own(environments, environment),
    // One of before anybody's name was proven is made again, as often as it takes.
    decisions: own(decisions, decision).filter((d) => !String(d).includes('NotTrusted')),
    rollouts: own(rollouts, rollout),
    pods: own(sets, ({ spec, status }) => [
      spec.template.spec.containers[0]?.image,
      Math.max(spec.replicas ?? 0, status?.replicas ?? 0),
    ]).toSorted((a, b) => String(a).localeCompare(String(b))),
    records: own(records, () => 'a record'),
  };
  return masked(state, namespace, app);
}

/** A promotion that rose by itself is called after its Environment and the digest of its revision. */
const MADE = /(auto-[a-z0-9-]+)-[0-9a-f]{12}/g;

/** An app's own names and digests and its namespace by neutral words, and numbers that are samples by none. */
function masked(state: EndState, namespace: string, app: string): EndState {
  const names = [app, `${app}-1`, `${app}-2`];
  let text = JSON.stringify(state);
  for (const version of ['v1', 'v2', 'v3'])
    for (const name of names)
      text = text.replaceAll(digestFor(`${name}-${version}`), `(digest of ${version})`);
  return JSON.parse(
    text
      .replaceAll(app, 'app')
      .replaceAll(namespace, '(namespace)')
      .replaceAll(/sha256:[0-9a-f]{64}/g, '(digest)')
      .replaceAll(/rollback-[0-9a-f-]{36}/g, 'rollback')
      .replaceAll(MADE, '$1'),
  );
}

function conditions({
  status,
}: {
  status?: { conditions?: Condition[] | undefined } | undefined;
}): unknown[] {
  return (status?.conditions ?? [])
    .map(
      ({ type, status: value, reason, message = '' }) =>
        `${type}=${value} ${reason}: ${withoutNumbers(message)}`,
    )
    .toSorted((a, b) => a.localeCompare(b));
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message?: string;
}

/** The words of a message; what was measured, and how long it took, differs. */
const withoutNumbers = (text: string): string =>
  text
    .replaceAll(/sha256:[0-9a-f]{64}/g, '(digest)')
    .replaceAll(MADE, '$1')
    .replaceAll(/\d+(\.\d+)?(e-?\d+)?/g, '#');

/** Whose it is, and what became of it. */
function decision({ spec: { by, verdict }, status }: Decision): string {
  const fates = (status?.conditions ?? []).map((c) => `${c.status} ${c.reason}`);
  return `${verdict} by ${by}: ${fates.join(', ')}`;
}

/** Decisions as a status has them on record. */
function onRecord(decisions: readonly { by: string; verdict: string }[] | undefined): string[] | undefined {
  return decisions?.map(({ by, verdict }) => `${verdict} by ${by}`).toSorted((a, b) => a.localeCompare(b));
}

function promotion(object: Promotion & KubeObject): unknown {
  const { status, metadata } = object;
  const { revert, plan } = status ?? {};
  return {
    name: metadata.name,
    finalizers: metadata.finalizers ?? [],
    conditions: conditions(object),
    revision: status?.revision,
    revisionDigest: status?.revisionDigest,
    summary: status?.summary,
    plan: plan && {
      targets: plan.targets.map(({ name, wave, images, steps }) => ({ name, wave, images, steps })),
      gates: plan.gates,
      bakeSeconds: plan.bakeSeconds,
    },
    targets: status?.targets?.map(({ name, state, step, steps, weight, recorded, restores }) => ({
      name,
      state,
      step,
      steps,
      weight,
      recorded: recorded !== undefined,
      restores,
    })),
    // What a gate that did not decide had said last, when another one decided, is a matter of a second.
    gates: status?.gates
      ?.filter(({ verdict }) => revert === undefined || verdict === 'Fail')
      .map(({ gate, when, target, step, verdict }) => ({ gate, when, target, step, verdict })),
    revert: revert && {
      reason: revert.reason,
      target: revert.target,
      quarantine: revert.quarantine,
      message: withoutNumbers(revert.message),
      stages: ['detectedAt', 'commandedAt', 'trafficRestoredAt', 'intentRestoredAt'].filter(
        (key) => key in revert,
      ),
    },
    blockedBy: status?.blockedBy,
    decisions: onRecord(status?.decisions),
    bypassed: status?.bypassed
      ?.map(({ what, by, ticket }) => `${what} by ${by} (${ticket})`)
      .toSorted((a, b) => a.localeCompare(b)),
    isOver: status?.completedAt !== undefined,
  };
}

function environment(object: Environment & KubeObject): unknown {
  const { status, metadata } = object;
  return {
    name: metadata.name,
    finalizers: metadata.finalizers ?? [],
    conditions: conditions(object),
    targets: status?.targets?.map(({ name, current, lastGood, candidate, drift }) => ({
      name,
      current: current && { images: current.images, promotion: current.promotion },
      lastGood: lastGood && { images: lastGood.images, promotion: lastGood.promotion },
      candidate,
      drift,
    })),
    quarantine: status?.quarantine?.map((entry) => ({
      ...entry,
      since: undefined,
      reason: withoutNumbers(entry.reason),
    })),
    released: status?.released?.map(({ by }) => `by ${by}`),
    decisions: onRecord(status?.decisions),
    isFrozen: status?.freeze !== undefined,
    isHeld: status?.autoPromote !== undefined,
    followUps: status?.followUps?.map(({ promotion: name, by }) => `${name} by ${by}`),
    history: status?.history
      ?.map(({ promotion: name, target, outcome, revisionDigest, images }) => ({
        promotion: name,
        target,
        outcome,
        revisionDigest,
        images,
      }))
      .toSorted((a, b) => a.target.localeCompare(b.target)),
  };
}

function rollout({ spec, status, metadata }: Rollout): unknown {
  return {
    name: metadata.name,
    spec: canonicalJson(spec),
    phase: status?.phase,
    abort: status?.abort ?? false,
    isStable: status?.currentPodHash === status?.stableRS,
    step: status?.currentStepIndex,
    isPaused: status?.pauseConditions !== undefined,
    replicas: [status?.replicas, status?.readyReplicas, status?.updatedReplicas, status?.availableReplicas],
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Members in which two states differ, for the message of a failure. */
export function differences(wanted: unknown, found: unknown, path = ''): string[] {
  if (isDeepStrictEqual(wanted, found)) return [];
  if (!isObject(wanted) || !isObject(found))
    return [`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`.slice(0, 600)];
  const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...keys].flatMap((key) => differences(wanted[key], found[key], `${path}/${key}`));
}
