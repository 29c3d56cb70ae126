import type { Environment, Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from './api.ts';
import { apply } from './apply.ts';
import { createRollout, type RolloutOptions, rolloutPath, setImage, untilHealthy } from './fixtures.ts';
import { createBlueGreenRollout, createRoutedRollout, type Router } from './fixtures-routed.ts';
import type { ReplicaSet, Rollout } from './kinds.ts';
import { until } from './until.ts';

/** Path of Sluice's objects of one kind in a namespace, or of one of them. */
export function sluicePath(namespace: string, plural: string, name?: string): string {
  const collection = `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/${plural}`;
  return name === undefined ? collection : `${collection}/${name}`;
}

/** A digest that follows from a word, so that tests can name versions. */
export function digestFor(word: string): string {
  return `sha256:${Buffer.from(word).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

/** Image reference of a version as a Promotion writes it. */
export function imageFor(app: string, version: string): string {
  return `registry.test/${app}:${version}@${digestFor(`${app}-${version}`)}`;
}

/** The same image as an entry of a Promotion's revision. */
export function revisionImage(app: string, version: string): { image: string; tag: string; digest: string } {
  return { image: `registry.test/${app}`, tag: version, digest: digestFor(`${app}-${version}`) };
}

/** The share of failed requests to the canary over a few seconds: the gate of most tests. */
export const ERROR_RATE = {
  prometheus: {
    query: `(sum(rate(http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ canaryHash }}",code=~"5.."}[4s])) or vector(0))
      / sum(rate(http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ canaryHash }}"}[4s]))`,
    pass: 'value <= 0.05',
  },
  intervalSeconds: 1,
  count: 2,
};

/** Timing of tests: as short as whole seconds allow. */
export const QUICK = { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 2, maxBlindSeconds: 300 };

export interface PlaceOptions extends Partial<RolloutOptions> {
  gate?: object;
  analysis?: Partial<typeof QUICK>;
  rollback?: { deadlineSeconds: number };
  historyLimit?: number;
  /** No gate at all. */
  ungated?: boolean;
  /** Traffic goes by this router's weights. */
  router?: Router;
  /** Blue-green instead of canary, with more of `spec.strategy.blueGreen`. */
  blueGreen?: Record<string, unknown>;
}

/** A namespace with one app: its Rollout at v1 and Healthy, an Environment `prod` of the same name, and a gate. */
export class Place {
  readonly api: Api;
  readonly namespace: string;
  readonly app: string;
  /** What was applied here so far, each object as it was applied last: what Git would have. */
  readonly manifests = new Map<string, KubeObject>();

  constructor(api: Api, namespace: string, app: string) {
    this.api = api;
    this.namespace = namespace;
    this.app = app;
  }

  /** Makes all of it; the namespace has to exist. */
  async prepare(options: PlaceOptions = {}): Promise<this> {
    await this.#createRollout(options);
    await this.applyPolicy([{ name: this.app, rollout: { name: this.app } }], options);
    await untilHealthy(this.api, this.namespace, this.app);
    return this;
  }

  #createRollout({ router, blueGreen, ...options }: PlaceOptions): Promise<Rollout> {
    const { api, namespace, app } = this;
    const rollout = { image: imageFor(app, 'v1'), ...options };
    if (blueGreen) return createBlueGreenRollout(api, namespace, app, rollout, blueGreen);
    if (router) return createRoutedRollout(api, namespace, app, rollout, router);
    return createRollout(api, namespace, app, rollout);
  }

  /** Applies the Environment with these targets, and the gate that it asks During. */
  async applyPolicy(targets: readonly object[], options: PlaceOptions): Promise<void> {
    const { gate = ERROR_RATE, analysis, rollback, historyLimit, ungated = false } = options;
    if (!ungated) await this.apply('Gate', this.app, gate);
    await this.apply('Environment', this.app, {
      targets,
      ...(!ungated && { gates: [{ gate: this.app, when: 'During' }] }),
      analysis: { ...QUICK, ...analysis },
      ...(rollback && { rollback }),
      ...(historyLimit !== undefined && { historyLimit }),
    });
  }

  async apply(kind: string, name: string, spec: object): Promise<KubeObject> {
    const metadata = { name, namespace: this.namespace };
    const object: KubeObject & { spec: object } = { apiVersion: 'sluice.dev/v1alpha1', kind, metadata, spec };
    const applied = await apply(this.api, object);
    this.manifests.set(`${kind}/${name}`, object);
    return applied;
  }

  /** Applies a Promotion of a version; its name is `<app>-<version>` unless given. */
  promote(version: string, name = `${this.app}-${version}`): Promise<KubeObject> {
    return this.apply('Promotion', name, this.orderOf(version));
  }

  /** Spec of a Promotion of a version. */
  orderOf(version: string): { environment: string; revision: { images: object[] } } {
    return { environment: this.app, revision: { images: [revisionImage(this.app, version)] } };
  }

  promotion(name: string): Promise<Promotion & KubeObject> {
    return this.api.get(sluicePath(this.namespace, 'promotions', name));
  }

  environment(): Promise<Environment & KubeObject> {
    return this.api.get(sluicePath(this.namespace, 'environments', this.app));
  }

  rollout(name = this.app): Promise<Rollout> {
    return this.api.get(rolloutPath(this.namespace, name));
  }

  /** The image that the Rollout declares for its main container. */
  async image(): Promise<string> {
    return (await this.rollout()).spec.template?.spec.containers[0]?.image ?? '';
  }

  /** Changes the image of the main container, as somebody else would. */
  setImage(image: string): Promise<Rollout> {
    return setImage(this.api, this.namespace, this.app, image);
  }

  /** Pods of each version's ReplicaSets of a Rollout that exist or are wanted, by image. */
  async pods(rollout = this.app): Promise<Record<string, number>> {
    const { items } = await this.api.list<ReplicaSet>(
      `/apis/apps/v1/namespaces/${this.namespace}/replicasets`,
    );
    const own = items.filter((rs) => rs.metadata.ownerReferences?.some((o) => o.name === rollout));
    const pods: Record<string, number> = {};
    for (const { spec, status } of own) {
      const image = spec.template?.spec.containers[0]?.image ?? '';
      pods[image] = (pods[image] ?? 0) + Math.max(spec.replicas ?? 0, status?.replicas ?? 0);
    }
    return pods;
  }

  /** Waits until the promotion's Succeeded condition has one of these reasons; fails at once when it has ended otherwise. */
  untilReason(name: string, ...reasons: string[]): Promise<Promotion & KubeObject> {
    return until(
      `promotion ${this.namespace}/${name} is ${reasons.join(' or ')}`,
      async (seen) => {
        const found = await this.promotion(name);
        seen({
          conditions: found.status?.conditions,
          gates: found.status?.gates,
          revert: found.status?.revert,
        });
        return reasons.includes(reasonOf(found)) && found;
      },
      { timeoutMs: 120_000 },
    );
  }

  /** Waits until the promotion has ended, however it ended. */
  untilEnded(name: string, timeoutMs = 150_000): Promise<Promotion & KubeObject> {
    return until(
      `promotion ${this.namespace}/${name} has ended`,
      async (seen) => {
        const found = await this.promotion(name);
        seen({
          conditions: found.status?.conditions,
          gates: found.status?.gates,
          revert: found.status?.revert,
        });
        return found.status?.conditions?.some((c) => c.type === 'Completed' && c.status === 'True') && found;
      },
      { timeoutMs },
    );
  }
}

/** The word that `kubectl get` prints. */
export function reasonOf(promotion: Promotion): string {
  return promotion.status?.conditions?.find((c) => c.type === 'Succeeded')?.reason ?? '';
}

/** Conditions as `Type=Status`, sorted. */
export function conditionsOf(promotion: Promotion): string[] {
  return (promotion.status?.conditions ?? [])
    .map((c) => `${c.type}=${c.status}`)
    .toSorted((a, b) => a.localeCompare(b));
}
