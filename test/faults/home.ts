import type { Lane, Lanes } from './lanes.ts';
import { grantLeases } from './pair.ts';

/*
 * Lanes whose operator is a candidate for a Lease and keeps the record of the admission policies, both in its own
 * namespace, and that lets go of Decisions after seconds rather than months.
 */

/** Decisions go so soon after their creation: late enough to be used before. */
const RETENTION_SECONDS = 8;

let homes = 0;

/** Such lanes of a world. */
export class HomeLanes {
  static readonly #of = new WeakMap<Lanes, HomeLanes>();
  readonly #lanes: Lanes;
  readonly #free: Lane[] = [];

  private constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  /** Those of this world, for all of its cases. */
  static of(lanes: Lanes): HomeLanes {
    const known = this.#of.get(lanes) ?? new HomeLanes(lanes);
    this.#of.set(lanes, known);
    return known;
  }

  /** Has work done in one, which the next may have when it went well. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = this.#free.pop() ?? (await this.#open());
    try {
      const result = await work(lane);
      await lane.lives.up();
      lane.proxy.calm();
      this.#free.push(lane);
      return result;
    } catch (error) {
      await lane.close();
      throw error;
    }
  }

  async #open(): Promise<Lane> {
    homes += 1;
    const namespace = `home-${homes}`;
    const { cluster } = this.#lanes.world;
    await cluster.createNamespace(namespace);
    await grantLeases(cluster.api, namespace);
    const args = [`--lease-namespace=${namespace}`, `--decision-retention-seconds=${RETENTION_SECONDS}`];
    return this.#lanes.lane({ args }, namespace);
  }
}

const recordPath = (namespace: string): string =>
  `/api/v1/namespaces/${namespace}/configmaps/sluice-decision-trust`;

/** Takes the Lease of a dead operator away, so that the next one need not wait for its end. */
export async function forgetLease({ world, namespace }: Lane, what?: 'with the record'): Promise<void> {
  const { api } = world.cluster;
  await api.delete(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/sluice`);
  if (what) await api.delete(recordPath(namespace));
}

/** Puts on record that other admission policies were in force: from now on it begins anew. */
export async function mistrust({ world, namespace }: Lane): Promise<void> {
  const { api } = world.cluster;
  const name = 'sluice-decision-trust';
  const data = { inForce: 'others', since: '2020-01-01T00:00:00Z' };
  await api.delete(recordPath(namespace));
  await api.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name }, data });
}
