import type { ReplicaSet, Rollout } from './kinds.ts';

/** How a version behaves under traffic. */
export interface Behaviour {
  /** Share of requests that end with code 500, 0 to 1. */
  errorRate: number;
  /** Duration of every request, in seconds; 0.02 unless given. */
  latencySeconds?: number;
}

/** Label of Argo Rollouts on ReplicaSets and pods. */
export const HASH_LABEL = 'rollouts-pod-template-hash';

/** Requests that one version of a Rollout has served, as its pods would count them. */
export interface Served {
  namespace: string;
  rollout: string;
  hash: string;
  ok: number;
  errors: number;
  /** Requests by the upper bound of LATENCY_BUCKETS that they fall under, and the sum of durations in seconds. */
  buckets: number[];
  seconds: number;
}

/** Upper bounds, in seconds. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A ReplicaSet of a Rollout with the share of the Rollout's requests that its pods get, 0 to 1. */
export interface Share {
  hash: string;
  image: string;
  share: number;
}

/**
 * How a Rollout's requests are spread: by the weights in its status when it routes traffic, to the active
 * ReplicaSet when it is blue-green, else in proportion to available pods. ReplicaSets without pods are left out.
 */
export function sharesOf(rollout: Rollout, replicaSets: readonly ReplicaSet[]): Share[] {
  const own = replicaSets.filter(
    (rs) =>
      (rs.status?.replicas ?? 0) > 0 &&
      rs.metadata.ownerReferences?.some((owner) => owner.uid === rollout.metadata.uid),
  );
  const weighted = own.map((rs) => ({
    hash: rs.metadata.labels?.[HASH_LABEL] ?? '',
    image: rs.spec.template.spec.containers[0]?.image ?? '',
    share: 0,
    available: rs.status?.availableReplicas ?? 0,
  }));
  const weightOf = routedWeights(rollout) ?? ((version) => version.available);
  const weights = weighted.map((version) => (version.available > 0 ? weightOf(version) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weighted.map(({ hash, image }, i) => ({
    hash,
    image,
    share: total > 0 ? (weights[i] ?? 0) / total : 0,
  }));
}

type WeightOf = (version: { hash: string; available: number }) => number;

function routedWeights({ spec, status }: Rollout): WeightOf | undefined {
  const active = status?.blueGreen?.activeSelector;
  if (spec.strategy.blueGreen && active) return ({ hash }) => (hash === active ? 1 : 0);
  const weights = status?.canary?.weights;
  if (!spec.strategy.canary?.trafficRouting || !weights) return undefined;
  const { canary, stable } = weights;
  return ({ hash }) =>
    (hash === canary.podTemplateHash ? canary.weight : 0) +
    (hash === stable.podTemplateHash ? stable.weight : 0);
}

/** Whether a version is what the preview of a blue-green Rollout shows, and not what users get. */
export function isPreview({ spec, status }: Rollout, hash: string): boolean {
  const { activeSelector, previewSelector } = status?.blueGreen ?? {};
  return spec.strategy.blueGreen !== undefined && hash === previewSelector && hash !== activeSelector;
}

/**
 * Counters of all versions. Fractions of requests and of errors are carried over from tick to tick, so the
 * counts are exact in the long run and contain no chance.
 */
export class RequestCounters {
  readonly #served = new Map<string, Served & { owedRequests: number; owedErrors: number }>();

  /** What has been served by versions that still have pods. */
  get served(): Served[] {
    return [...this.#served.values()];
  }

  /** Adds `requests` (a fraction counts) to a version, of which `behaviour` fails its share. */
  add(namespace: string, rollout: string, hash: string, requests: number, behaviour: Behaviour): void {
    const key = `${namespace}/${rollout}/${hash}`;
    const counters = this.#served.get(key) ?? {
      ...startOf(namespace, rollout, hash),
      owedRequests: 0,
      owedErrors: 0,
    };
    this.#served.set(key, counters);
    counters.owedRequests += requests;
    const whole = Math.floor(counters.owedRequests);
    counters.owedRequests -= whole;
    counters.owedErrors += whole * behaviour.errorRate;
    const failed = Math.min(whole, Math.floor(counters.owedErrors));
    counters.owedErrors -= failed;
    counters.errors += failed;
    counters.ok += whole - failed;
    const { latencySeconds = 0.02 } = behaviour;
    counters.seconds += whole * latencySeconds;
    const bucket = LATENCY_BUCKETS.findIndex((bound) => latencySeconds <= bound);
    if (bucket >= 0) counters.buckets[bucket] = (counters.buckets[bucket] ?? 0) + whole;
  }

  /** Forgets a Rollout's versions that are not among `hashes`: their pods are gone, and the counts with them. */
  keepOnly(namespace: string, rollout: string, hashes: ReadonlySet<string>): void {
    for (const [key, served] of this.#served) {
      if (served.namespace === namespace && served.rollout === rollout && !hashes.has(served.hash)) {
        this.#served.delete(key);
      }
    }
  }

  /** Forgets Rollouts that are not among `keys` (`namespace/name`). */
  keepOnlyRollouts(keys: ReadonlySet<string>): void {
    for (const [key, { namespace, rollout }] of this.#served) {
      if (!keys.has(`${namespace}/${rollout}`)) this.#served.delete(key);
    }
  }
}

function startOf(namespace: string, rollout: string, hash: string): Served {
  return { namespace, rollout, hash, ok: 0, errors: 0, seconds: 0, buckets: LATENCY_BUCKETS.map(() => 0) };
}
