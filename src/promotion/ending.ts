import { PROMOTIONS, REVERT_FINALIZER } from '../api/v1alpha1/names.ts';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { isNotFound } from '../kube/errors.ts';
import { setFinalizer } from '../kube/finalizers.ts';
import { objectPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { fromTime } from '../runtime/time.ts';
import { assignmentOf, type Sources } from './gather/sources.ts';
import { isOnRecord } from './record.ts';

export interface EndingOptions extends Pick<Sources, 'promotions' | 'environments' | 'delivery'> {
  client: KubeClient;
  clock: Clock;
}

/** The Environment writes its record within a moment of a promotion's end. */
const RECORDING_MS = 1000;

/** What is left to do for a promotion that has ended, and what keeps one from going before that. */
export class Ending {
  readonly #o: EndingOptions;

  constructor(options: EndingOptions) {
    this.#o = options;
  }

  /** Nothing is decided any more: its records go, then what keeps it, then itself when its time is over. */
  async end(raw: RawObject, promotion: Promotion, log: Log): Promise<ReconcileResult | void> {
    await this.#forget(promotion, log);
    await this.finalize(raw, 'absent');
    return this.#expire(promotion, log);
  }

  /** Keeps it from going, or lets it go; with no write where that is so already. */
  async finalize(raw: RawObject, wanted: 'present' | 'absent'): Promise<void> {
    const where = { client: this.#o.client, resource: PROMOTIONS, store: this.#o.promotions };
    await setFinalizer(where, raw as RawObject & KubeObject, REVERT_FINALIZER, wanted);
  }

  /**
   * Lets go of what this process holds of a promotion that has ended, at every look at it until that is done:
   * its status says nothing of it any more. After a crash the sweep at the start does it.
   */
  async #forget(promotion: Promotion, log: Log): Promise<void> {
    for (const { name: target, wave, rollout } of promotion.status?.plan?.targets ?? []) {
      const assignment = assignmentOf(promotion, { name: target, wave, rollout }, undefined);
      if (!this.#o.delivery.holds(assignment)) continue;
      log.info({ target }, 'Letting go of the record of a promotion that has ended');
      await this.#o.delivery.act({ kind: 'Forget', target }, assignment);
    }
  }

  /** Deletes a promotion that has ended once its time to live is over. */
  async #expire(promotion: Promotion, log: Log): Promise<ReconcileResult | void> {
    const { metadata, spec, status } = promotion;
    const completedAt = fromTime(status?.completedAt);
    if (spec.ttlSecondsAfterFinished === undefined || completedAt === undefined) return;
    const dueAt = completedAt + spec.ttlSecondsAfterFinished * 1000;
    const now = this.#o.clock.now();
    if (now < dueAt) return { requeueAfterMs: dueAt - now };
    // What is good there, and what failed, is first to stand where it outlasts the promotion.
    const environment = this.#o.environments.get(metadata.namespace, spec.environment);
    if (environment && !isOnRecord(environment, promotion)) return { requeueAfterMs: RECORDING_MS };
    log.info(
      { ttlSecondsAfterFinished: spec.ttlSecondsAfterFinished },
      'Deleting a promotion that has ended',
    );
    const path = objectPath(PROMOTIONS, metadata.namespace, metadata.name);
    await this.#o.client.delete(path, { uid: metadata.uid }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
