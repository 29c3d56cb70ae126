import { join } from 'node:path';
import { apply } from '../harness/apply.ts';
import { writesIn } from '../harness/audit.ts';
import type { Cluster } from '../harness/cluster.ts';
import { rolloutOf, type RolloutOptions } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { ERROR_RATE, imageFor, Place, QUICK } from '../harness/promotions.ts';
import { until } from '../harness/until.ts';
import { type Application, type ApplicationOptions, applicationOf, applicationPath } from './application.ts';
import { Repository } from './repository.ts';
import { Shown } from './shown.ts';

/** What the documentation calls its Rollout. */
export const APP = 'checkout';

export interface ShopOptions extends ApplicationOptions {
  gate?: object;
}

/** One file of the repository. */
const fileOf = (name: string): string => `prod/${name}.yaml`;

/**
 * An Application of Argo CD with self-heal and pruning, the namespace that it manages, and its repository: a Rollout, an
 * Environment and a Gate, and one Promotion at a time.
 */
export class Shop {
  readonly name: string;
  /** To look at what is in the namespace; nothing is applied through it. */
  readonly place: Place;
  readonly shown: Shown;
  readonly #cluster: Cluster;
  readonly #repository: Repository;

  private constructor(cluster: Cluster, name: string, repository: Repository, shown: Shown) {
    this.name = name;
    this.#cluster = cluster;
    this.place = new Place(cluster.api, name, APP);
    this.#repository = repository;
    this.shown = shown;
  }

  /** Makes all of it and waits until Argo CD shows it Synced and Healthy, v1 being served. */
  static async open(cluster: Cluster, name: string, options: ShopOptions = {}): Promise<Shop> {
    await cluster.createNamespace(name);
    const repository = await Repository.create(join(cluster.facts.dir, 'git', name));
    const shop = new Shop(cluster, name, repository, await Shown.of(cluster.api, name));
    const sha = await repository.commit('the shop', {
      [fileOf('rollout')]: shop.rollout(),
      [fileOf('gate')]: sluice('Gate', APP, options.gate ?? ERROR_RATE),
      [fileOf('environment')]: sluice('Environment', APP, {
        targets: [{ name: APP, rollout: { name: APP } }],
        gates: [{ gate: APP, when: 'During' }],
        analysis: QUICK,
      }),
    });
    await shop.apply(options);
    await shop.untilSynced(sha);
    await shop.untilHealth('Healthy');
    return shop;
  }

  /** Applies the Application, differing so from that of the documentation. */
  async apply(options: ApplicationOptions): Promise<void> {
    await apply(this.#cluster.api, applicationOf(this.name, this.#repository.url, options));
  }

  /** The Rollout as Git has it: its image is the one to begin with, and Sluice's from then on. */
  rollout(options: Partial<RolloutOptions> = {}): Rollout {
    const { metadata, ...rest } = rolloutOf(this.name, APP, {
      image: imageFor(APP, 'v1'),
      annotations: { 'sluice.dev/image-owner': 'sluice' },
      // Not empty: server-side apply drops an empty list, which would be another template.
      env: { MODE: 'live' },
      ...options,
    });
    const { namespace: _, ...named } = metadata;
    return { ...rest, metadata: named };
  }

  /** Commits objects, each under the name of its file, and lets Argo CD know, as a webhook does. */
  async commit(message: string, objects: Readonly<Record<string, object | undefined>>): Promise<string> {
    const files = Object.entries(objects).map(([name, object]) => [fileOf(name), object] as const);
    const sha = await this.#repository.commit(message, Object.fromEntries(files));
    await this.#refresh();
    return sha;
  }

  /** Commits a Promotion in the place of the one before, and waits until it is synced; its name. */
  async order(version: string): Promise<string> {
    const name = `bring-${version}`;
    const sha = await this.commit(name, {
      promotion: sluice('Promotion', name, this.place.orderOf(version)),
    });
    await this.untilSynced(sha);
    return name;
  }

  /** `git revert` of the last commit, synced. */
  async revert(): Promise<void> {
    const sha = await this.#repository.revert();
    await this.#refresh();
    await this.untilSynced(sha);
  }

  async #refresh(): Promise<void> {
    const annotations = { 'argocd.argoproj.io/refresh': 'normal' };
    await this.#cluster.api.patch(applicationPath(this.name), { metadata: { annotations } });
  }

  application(): Promise<Application> {
    return this.#cluster.api.get(applicationPath(this.name));
  }

  /** Waits for something that Argo CD shows. */
  until(what: string, holds: (application: Application) => unknown): Promise<Application> {
    return until(
      `Application ${this.name} ${what}`,
      async (seen) => {
        const application = await this.application();
        seen(application.status);
        return holds(application) ? application : undefined;
      },
      { timeoutMs: 120_000 },
    );
  }

  /** Waits until that commit is what is applied, and nothing is being synced. */
  untilSynced(sha: string): Promise<Application> {
    return this.until(`is synced to ${sha}`, ({ operation, status }) => {
      const { sync, operationState } = status ?? {};
      return (
        sync?.status === 'Synced' &&
        sync.revision === sha &&
        operation === undefined &&
        operationState?.phase === 'Succeeded'
      );
    });
  }

  untilHealth(health: string): Promise<Application> {
    return this.until(`is ${health}`, ({ status }) => status?.health?.status === health);
  }

  /** Waits until Argo CD has compared everything so many times more. */
  async untilCompared(times: number): Promise<void> {
    for (let compared = 0; compared < times; compared += 1) {
      const before = (await this.application()).status?.reconciledAt;
      await this.until('is compared', ({ status }) => status?.reconciledAt !== before);
    }
  }

  /** What Argo CD has written in the namespace so far, by the API server's audit log. */
  written(): string[] {
    return writesIn(this.#cluster.audited('argocd')).filter((write) => write.includes(` ${this.name}/`));
  }
}

/** An object of Sluice's as it stands in Git, without a namespace: that is the Application's. */
export function sluice(
  kind: string,
  name: string,
  spec: object,
  annotations?: Readonly<Record<string, string>>,
): object {
  const metadata = { name, ...(annotations && { annotations }) };
  return { apiVersion: 'sluice.dev/v1alpha1', kind, metadata, spec };
}
