import { compareVersions } from './versions.ts';

/**
 * Tells whether a watch is honest. A list taken beside a watch shows what the watch should have delivered:
 * changes up to the version it had reached are missed at once; a deletion is missed when the watch has come
 * past the list and still said nothing. (pepr #977: the figure that a dead watch hides behind.)
 */
export class MissedEvents {
  readonly #report: (count: number) => void;
  /** Uids that a list showed to be gone, until the watch says so too. */
  #suspects = new Set<string>();
  #listVersion = '';

  constructor(report: (count: number) => void) {
    this.#report = report;
  }

  /** A list at `listVersion` brought `lost` changes that the watch had passed, and showed `gone` to be deleted. */
  listed(lost: number, gone: readonly string[], listVersion: string): void {
    if (lost > 0) this.#report(lost);
    this.#suspects = new Set(gone);
    this.#listVersion = listVersion;
  }

  /** The watch delivered the deletion of `uid`. */
  deleted(uid: string): void {
    this.#suspects.delete(uid);
  }

  /** The watch delivered everything up to `version`. */
  reached(version: string): void {
    if (this.#suspects.size === 0 || (compareVersions(version, this.#listVersion) ?? -1) < 0) return;
    this.#report(this.#suspects.size);
    this.#suspects.clear();
  }

  /** The watch starts again from a list of its own: what it did not see before counts no more. */
  reset(): void {
    this.#suspects.clear();
  }
}
