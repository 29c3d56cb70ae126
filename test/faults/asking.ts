import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { imageFor, Place, reasonOf, revisionImage, sluicePath } from '../harness/promotions.ts';
import type { Cluster } from '../harness/cluster.ts';

/** A gate without anything of its own: it passes where it is asked. */
export const QUERY = { query: 'vector(0)', pass: 'value <= 0.0' };

/** The `data` of an answer of Prometheus with these series, each as it is on the wire. */
export function vector(...result: string[]): string {
  return `"data":{"resultType":"vector","result":[${result.join(',')}]}`;
}

/** A place in which gates are asked by promotions that touch nothing, side by side. */
export class Asking extends Place {
  /** Makes the namespace, a Rollout and an Environment without gates. */
  static async at(cluster: Cluster, namespace: string, app = 'app'): Promise<Asking> {
    await cluster.createNamespace(namespace);
    return new Asking(cluster.api, namespace, app).prepare({ ungated: true });
  }

  /**
   * Applies a gate and asks it once, about the stable revision.
   * @returns what the promotion says of the answer; `it would begin now` when the gate has answered.
   */
  async ask(name: string, gate: object, more: { args?: object[]; again?: string } = {}): Promise<string> {
    const { args, again } = more;
    if (again === undefined) await this.apply('Gate', name, { intervalSeconds: 1, ...gate });
    const order = again === undefined ? name : `${name}-${again}`;
    await this.apply('Promotion', order, {
      environment: this.app,
      dryRun: true,
      revision: { images: [revisionImage(this.app, 'v2')] },
      gates: [{ gate: name, when: 'During', ...(args && { args }) }],
    });
    return spoken(await this.untilEnded(order));
  }

  /** Creates an object as it stands: server-side apply reads YAML, which changes or refuses some characters. */
  override async apply(kind: string, name: string, spec: object): Promise<KubeObject> {
    const path = sluicePath(this.namespace, `${kind.toLowerCase()}s`);
    const object = { apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name }, spec };
    return this.api.create(path, object);
  }

  /** The stable image still runs, alone. */
  async isUntouched(): Promise<boolean> {
    const pods = await this.pods();
    return Object.keys(pods).every((image) => image === imageFor(this.app, 'v1'));
  }
}

function spoken(ended: Promotion & KubeObject): string {
  const { message = '' } = ended.status?.conditions?.find(({ type }) => type === 'Succeeded') ?? {};
  if (reasonOf(ended) !== 'Planned') throw new Error(`it ended as ${reasonOf(ended)}: ${message}`);
  return message;
}
