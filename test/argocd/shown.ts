import type { Api, KubeObject } from '../harness/api.ts';
import { sluicePath } from '../harness/promotions.ts';
import { type Followed, follow } from '../harness/watch.ts';
import { type Application, applicationPath } from './application.ts';
import { documentedHealth, type Judged, KINDS, worst } from './documented.ts';

/** Each that differs from the one before it. */
function changes(values: readonly string[]): string[] {
  return values.filter((value, i) => value !== values[i - 1]);
}

/** Whether `part` is what is left of `whole` when some of it is left out. */
function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let from = 0;
  return part.every((value) => {
    const at = whole.indexOf(value, from);
    from = at + 1;
    return at >= 0;
  });
}

/** Everything that Argo CD has shown of an Application, and what its page says of every version of what is in it. */
export class Shown {
  readonly #applications: Application[] = [];
  /** By kind and name, what was documented of an object, version by version. */
  readonly #documented = new Map<string, string[]>();
  readonly #watches: Followed<KubeObject>[] = [];

  /** Begins to look at an Application, which may come later, and at its namespace, which is called like it. */
  static async of(api: Api, name: string): Promise<Shown> {
    const shown = new Shown();
    shown.#watches.push(
      await follow<Application>(api, applicationPath(), (application) => {
        if (application.metadata.name === name) shown.#applications.push(application);
      }),
    );
    for (const kind of KINDS) {
      const path = sluicePath(name, `${kind.toLowerCase()}s`);
      const look = (object: Judged): void => {
        const key = `${kind} ${object.metadata.name}`;
        const healths = [...(shown.#documented.get(key) ?? []), documentedHealth(kind, object)];
        shown.#documented.set(key, changes(healths));
      };
      shown.#watches.push(await follow<Judged>(api, path, look));
    }
    return shown;
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  /** The healths that were shown of an object, one after another. */
  healths(kind: string, name: string): string[] {
    const found = this.#applications.flatMap(({ status }) =>
      (status?.resources ?? []).filter((r) => r.kind === kind && r.name === name),
    );
    return changes(found.flatMap((r) => r.health?.status ?? []));
  }

  /** What was shown otherwise than docs/argocd.md says, each as a sentence. */
  lies(): string[] {
    return [...this.#ofTheWhole(), ...this.#ofObjects()];
  }

  /** An Application is as bad as the worst of its objects. */
  #ofTheWhole(): string[] {
    return this.#applications.flatMap(({ status }) => {
      const should = worst((status?.resources ?? []).map((r) => r.health?.status ?? 'Unknown'));
      const { status: is = should } = status?.health ?? {};
      return is === should ? [] : [`it was ${is} while the worst in it was ${should}`];
    });
  }

  /** Argo CD may come too late for a short stage, and shows none that was not there. */
  #ofObjects(): string[] {
    return [...this.#documented].flatMap(([object, documented]) => {
      const [kind = '', name = ''] = object.split(' ');
      // That is what Argo CD itself says of what is in Git and not in the cluster.
      const shown = changes(this.healths(kind, name).filter((health) => health !== 'Missing'));
      if (isWithin(shown, documented)) return [];
      return [`${object} was ${shown.join(', ')}, and should have been ${documented.join(', ')}`];
    });
  }
}
