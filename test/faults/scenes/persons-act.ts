import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, DecisionSpec, Promotion } from '../../../src/api/v1alpha1/types.ts';
import { apply } from '../../harness/apply.ts';
import type { Api, KubeObject } from '../../harness/api.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { decisionOf, entitle } from '../../harness/people.ts';
import { Place, sluicePath } from '../../harness/promotions.ts';
import { until } from '../../harness/until.ts';
import type { UserName } from '../../harness/users.ts';
import type { Asked, Setting } from './scene.ts';

/* Persons of the cast ask and decide, each in their own name, as the API server proves it. */

const cast = new WeakMap<Cluster, Map<string, Promise<void>>>();

/** alice may ask for promotions, emergencies too, and approve; bob may approve. In each namespace once. */
export function theCast({ cluster, namespace }: Setting): Promise<void> {
  const known = cast.get(cluster) ?? new Map<string, Promise<void>>();
  cast.set(cluster, known);
  const entitled =
    known.get(namespace) ??
    Promise.all([
      entitle(cluster, namespace, 'alice', 'bypasser', 'approver', 'editor'),
      entitle(cluster, namespace, 'bob', 'approver'),
    ]).then(() => undefined);
  known.set(namespace, entitled);
  return entitled;
}

/** A place whose promotions alice applies, in her own name. */
export class AskedPlace extends Place {
  readonly #asks: Api;
  readonly #more: object;

  /** @param more what the order says besides */
  constructor({ cluster, namespace }: Setting, app: string, more: object = {}) {
    super(cluster.api, namespace, app);
    this.#asks = cluster.apiAs('alice');
    this.#more = more;
  }

  override orderOf(version: string): ReturnType<Place['orderOf']> & { requestedBy: string } {
    return { ...super.orderOf(version), requestedBy: 'alice', ...this.#more };
  }

  override async promote(version: string, name = `${this.app}-${version}`): Promise<KubeObject> {
    const { namespace } = this;
    const object = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name, namespace },
      spec: this.orderOf(version),
    };
    this.manifests.set(`Promotion/${name}`, object);
    return apply(this.#asks, object);
  }
}

/** The promotion of an app as a Decision names it, and the revision that it is to be about. */
export async function named({
  place,
  promotion: name,
}: Asked): Promise<{ promotion: { name: string; uid: string }; revisionDigest: string }> {
  const { metadata, status }: Promotion & KubeObject = await place.promotion(name);
  return {
    promotion: { name, uid: metadata.uid },
    revisionDigest: String(status?.revisionDigest),
  };
}

/** Names are proven from some seconds after the policies came. */
const UNPROVEN_MS = 1000;

/**
 * Has a person decide, and waits for what becomes of it: the reason of its condition. Again, where it is said that it
 * was made before anybody's name was proven.
 * @param what names the Decision, after its app: in the words for writes it stands for it
 */
export async function decideAs(
  { cluster, namespace }: Setting,
  by: UserName,
  what: string,
  spec: Omit<DecisionSpec, 'by'>,
): Promise<string> {
  for (let nth = 1; ; nth += 1) {
    const name = `${spec.environment}-${what}-${nth}`;
    const decisions = sluicePath(namespace, 'decisions');
    await cluster.apiAs(by).create(decisions, decisionOf(name, { by, ...spec }));
    const fate = await until(
      `${name} has its fate`,
      async (seen) => {
        const found = await cluster.api.get<Decision & KubeObject>(`${decisions}/${name}`);
        seen(found.status);
        return found.status?.conditions?.find(({ status }) => status !== 'Unknown')?.reason;
      },
      { timeoutMs: 120_000 },
    );
    if (fate !== 'NotTrusted') return fate;
    await delay(UNPROVEN_MS);
  }
}

/** Has a person decide what counts. @throws Error with what became of it, where it does not count */
export async function decideWell(...args: Parameters<typeof decideAs>): Promise<void> {
  const fate = await decideAs(...args);
  if (fate !== 'Used') throw new Error(`a ${args[3].verdict} by ${args[1]} came to ${fate}, not to Used`);
}
