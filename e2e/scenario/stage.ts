import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, type Digests } from './digests.ts';
import type { RealCluster } from '../cluster.ts';
import { SHOP, type Version } from '../images/shop.ts';
import { stopping } from '../run.ts';

/** Where the operator is. */
export const SYSTEM = 'sluice-system';

/** A condition, as every object of Kubernetes has them. */
interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** Of a Promotion, what is read here. */
export interface PromotionSeen {
  metadata: { name: string };
  status?: { phase?: string; conditions?: Condition[] };
}

/** Of a pod, what is read here. */
export interface PodSeen {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
  status?: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: {
      restartCount: number;
      imageID: string;
      state?: { terminated?: { exitCode: number } };
      lastState?: { terminated?: { exitCode: number; reason: string } };
    }[];
  };
}

/** The cluster as the scenario's steps use it. */
export class Stage {
  readonly cluster: RealCluster;
  readonly #digests: Digests;

  constructor(cluster: RealCluster, digests: Digests) {
    this.cluster = cluster;
    this.#digests = digests;
  }

  /** An object, or a list, as kubectl gets it. */
  async get<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.cluster.kubectl(['get', '-o', 'json', ...args])) as T;
  }

  /** The pods of a namespace with a label that are not on their way out. */
  async pods(namespace: string, selector: string): Promise<PodSeen[]> {
    const { items } = await this.get<{ items: PodSeen[] }>('pods', '-n', namespace, '-l', selector);
    return items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  /** The operator's pods. */
  operators(): Promise<PodSeen[]> {
    return this.pods(SYSTEM, 'app.kubernetes.io/name=sluice');
  }

  /** The name of the pod that holds the Lease; empty while nobody does. */
  async leader(): Promise<string> {
    const lease = await this.get<{ spec?: { holderIdentity?: string } }>('lease', 'sluice', '-n', SYSTEM);
    return lease.spec?.holderIdentity?.split('_')[0] ?? '';
  }

  /** Orders a version of the shop. */
  async promote(version: Version, name = `shop-${version}`): Promise<void> {
    await this.order(name, version, digestOf(this.#digests, version));
  }

  /** Orders an image of the shop by its digest. */
  async order(name: string, tag: string, digest: string): Promise<void> {
    const promotion = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name, namespace: 'shop' },
      spec: { environment: 'prod', revision: { images: [{ image: SHOP, tag, digest }] } },
    };
    await this.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(promotion));
  }

  /** The reason of a promotion's condition Succeeded; empty before there is one. */
  async reasonOf(name: string): Promise<string> {
    const { status } = await this.get<PromotionSeen>('promotion', name, '-n', 'shop');
    return status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? '';
  }

  /** Waits until a promotion has one of these reasons. */
  untilReason(name: string, reasons: readonly string[], seconds = 120): Promise<string> {
    return this.until(
      `promotion ${name} is ${reasons.join(' or ')}`,
      async (seen) => {
        const reason = await this.reasonOf(name);
        seen(reason);
        return reasons.includes(reason) ? reason : undefined;
      },
      seconds,
    );
  }

  /** How many requests a version was asked so far and how many it failed, as Prometheus has seen it. */
  async requestsOf(version: Version): Promise<{ asked: number; failed: number }> {
    const query = `sum by (code) (max_over_time(http_requests_total{version="${version}"}[15m]))`;
    const path = `/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer: { data: { result: { metric: { code: string }; value: [number, string] }[] } } = JSON.parse(
      await this.cluster.kubectl(['get', '--raw', path]),
    );
    const count = (code: string): number =>
      Number(answer.data.result.find(({ metric }) => metric.code === code)?.value[1] ?? 0);
    return { asked: count('200') + count('500'), failed: count('500') };
  }

  /** Waits until all pods of the shop that there are run a version, by the digest that the node tells. */
  async untilServed(version: Version): Promise<void> {
    const digest = digestOf(this.#digests, version);
    await this.until(`4 pods run ${version}`, async (seen) => {
      const images = (await this.pods('shop', 'app=shop')).map(
        ({ status }) => status?.containerStatuses?.[0]?.imageID ?? '',
      );
      seen(images);
      return images.length === 4 && images.every((image) => image.endsWith(digest));
    });
  }

  /** Looks until something is there; what is thrown is told if it never is. */
  async until<T>(
    what: string,
    look: (seen: (value: unknown) => void) => Promise<T>,
    seconds = 60,
  ): Promise<Exclude<T, false | undefined>> {
    const deadline = performance.now() + seconds * 1000;
    let last: unknown;
    for (;;) {
      try {
        const value = await look((seen) => (last = seen));
        if (value !== undefined && value !== false) return value as Exclude<T, false | undefined>;
      } catch (error) {
        last = error instanceof Error ? error.message : error;
      }
      if (performance.now() > deadline)
        throw new Error(
          `not within ${seconds} s: ${what}; last seen: ${JSON.stringify(last)?.slice(0, 600)}`,
        );
      await delay(250, undefined, { signal: stopping.signal });
    }
  }
}
