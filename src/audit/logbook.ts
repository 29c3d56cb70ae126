import { REVERT_FINALIZER } from '../api/v1alpha1/names.ts';
import type { Audit, Promotion } from '../api/v1alpha1/types.ts';
import type { Log } from '../runtime/log.ts';
import { type Link, readRecord } from './chain.ts';

/** An object with a trail. */
interface Kept {
  metadata: { uid: string };
  status?: { audit?: Audit | undefined } | undefined;
}

/**
 * The trails as lines of the log. A record is stored first and logged then, so that a crash, or an answer that is lost,
 * may keep it from the log. Every object is therefore looked at before anything else is done with it, as it is cut,
 * deleted or let go of: what is stored and may not be logged is logged (again; `verify-log.ts` counts it once).
 */
export class Logbook {
  /** Up to where a trail is known to be logged, by the key of its object. */
  readonly #logged = new Map<string, { uid: string; seq: number }>();

  /**
   * Logs what may be missing. Of a trail that this process sees for the first time that is the last write of its status:
   * whoever made it had logged the ones before.
   * @param isLogged its whole trail is known to be in the log.
   */
  catchUp(key: string, { metadata: { uid }, status }: Kept, log: Log, isLogged = false): void {
    const records = status?.audit?.records ?? [];
    const last = lastOf(records);
    if (!last) return;
    const known = this.#logged.get(key);
    if (known?.uid === uid && known.seq >= last.seq) return;
    const isMissing = ({ seq, at }: { seq: number; at: string }): boolean =>
      known?.uid === uid ? seq > known.seq : !isLogged && at === last.at;
    const missing = records.filter((link) => {
      const record = readRecord(link);
      return record !== undefined && isMissing(record);
    });
    this.tell(key, uid, missing, log);
    this.#logged.set(key, { uid, seq: last.seq });
  }

  /** Logs records that were stored just now. */
  tell(key: string, uid: string, records: readonly Link[], log: Log): void {
    for (const { record, hash } of records) log.record({ audit: { uid, record, hash } }, 'On record');
    const last = lastOf(records);
    if (last) this.#logged.set(key, { uid, seq: last.seq });
  }

  /** The object is gone. */
  forget(key: string): void {
    this.#logged.delete(key);
  }
}

const lastOf = (records: readonly Link[]): ReturnType<typeof readRecord> => {
  const last = records.at(-1);
  return last && readRecord(last);
};

/** Its finalizer goes after its last record was logged: where it is gone, nothing is missing in the log. */
export function isAllLogged({ metadata, spec, status }: Promotion): boolean {
  const hadFinalizer = status?.plan !== undefined && spec.dryRun !== true;
  return hadFinalizer && status.completedAt !== undefined && !metadata.finalizers?.includes(REVERT_FINALIZER);
}
