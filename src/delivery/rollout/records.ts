import { PROMOTION_NAMESPACE_LABEL, PROMOTION_UID_LABEL } from '../../api/v1alpha1/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../../kube/errors.ts';
import { collectionPath, objectPath } from '../../kube/paths.ts';
import type { KubeObject } from '../../kube/types.ts';
import { RetryError } from '../../runtime/errors.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import type { Assignment, Recorded } from '../delivery.ts';
import { namespaceOf } from './place.ts';
import type { Rollout } from './types.ts';

const CONTROLLER_REVISIONS = { group: 'apps', version: 'v1', plural: 'controllerrevisions' };

/** A ControllerRevision: the API server never lets its data change, which is what a record needs. */
interface ControllerRevision extends KubeObject {
  data: { hash: string; template: unknown };
}

/** The record's name follows from the promotion: making it twice is an AlreadyExists, never a second one. */
export function recordName(assignment: Assignment): string {
  return `sluice-${assignment.promotion.uid}-${assignment.target.name}`;
}

/**
 * Keeps templates as they were before a promotion changed them. A record that was read is kept in
 * memory until it is let go: it cannot change.
 */
export class Records {
  readonly #client: KubeClient;
  readonly #known = new Map<string, Recorded>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  #path(assignment: Assignment): string {
    return objectPath(CONTROLLER_REVISIONS, namespaceOf(assignment), recordName(assignment));
  }

  /** The record of this promotion and target, or undefined where none was made. */
  async read(assignment: Assignment): Promise<Recorded | undefined> {
    const name = recordName(assignment);
    const known = this.#known.get(name);
    if (known) return known;
    try {
      return this.#remember(await this.#client.get<ControllerRevision>(this.#path(assignment)));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #remember(revision: ControllerRevision): Recorded {
    const recorded = {
      controllerRevision: revision.metadata.name,
      hash: revision.data.hash,
      template: revision.data.template,
    };
    this.#known.set(revision.metadata.name, recorded);
    return recorded;
  }

  /**
   * Records the Rollout's declared template. One left by an earlier try that says something else (the
   * Rollout was changed before Applying) is removed, and the next pass makes it anew. Who takes a target over
   * inherits the record of what was good there.
   */
  async make(assignment: Assignment, rollout: Rollout, inherited?: Recorded): Promise<void> {
    // Beside the Rollout: an owner in another namespace would be taken for a missing one, and the record collected.
    const namespace = namespaceOf(assignment);
    const data = inherited
      ? { hash: inherited.hash, template: inherited.template }
      : { hash: rollout.status?.currentPodHash ?? '', template: rollout.spec.template };
    const body = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: recordName(assignment),
        namespace,
        labels: {
          [PROMOTION_UID_LABEL]: assignment.promotion.uid,
          [PROMOTION_NAMESPACE_LABEL]: assignment.promotion.namespace,
        },
        ownerReferences: [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'Rollout',
            name: rollout.metadata.name,
            uid: rollout.metadata.uid,
          },
        ],
      },
      data,
      revision: 1,
    };
    try {
      this.#remember(
        await this.#client.create<ControllerRevision>(collectionPath(CONTROLLER_REVISIONS, namespace), body),
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.#known.delete(recordName(assignment));
      const kept = await this.read(assignment);
      if (kept && canonicalJson(kept.template) === canonicalJson(data.template) && kept.hash === data.hash)
        return;
      await this.drop(assignment);
      throw new RetryError('The recorded template is out of date; recording it anew');
    }
  }

  /** Whether this process has made or read the record, and not let go of it since. */
  knows(assignment: Assignment): boolean {
    return this.#known.has(recordName(assignment));
  }

  /** Lets go of the record; no error when there is none. */
  async drop(assignment: Assignment): Promise<void> {
    try {
      await this.#client.delete(this.#path(assignment));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    // Not before: what could not be let go of is known, and tried again.
    this.#known.delete(recordName(assignment));
  }

  /**
   * Lets go of the records in one namespace (or all) whose promotion is not in flight: what a crash
   * between a promotion's end and its Forget has left behind.
   * @param isInFlight whether the promotion with this UID is unfinished, asked when its record is about to go.
   * @param watched Namespaces whose promotions `isInFlight` knows, undefined: all. The record of a promotion
   * elsewhere is another operator's business.
   */
  async sweep(
    namespace: string | undefined,
    isInFlight: (uid: string) => boolean,
    watched?: readonly string[],
  ): Promise<number> {
    const all = await this.#client.listAll<ControllerRevision>(
      collectionPath(CONTROLLER_REVISIONS, namespace),
      {
        labelSelector: PROMOTION_UID_LABEL,
      },
    );
    let swept = 0;
    for (const { metadata } of all) {
      const { labels, namespace: here, name, uid } = metadata;
      const home = labels?.[PROMOTION_NAMESPACE_LABEL] ?? here ?? '';
      if (isInFlight(labels?.[PROMOTION_UID_LABEL] ?? '') || (watched && !watched.includes(home))) continue;
      await this.#client
        .delete(objectPath(CONTROLLER_REVISIONS, here, name), { uid })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      swept += 1;
    }
    return swept;
  }
}
