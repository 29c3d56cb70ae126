import type { Api } from './api.ts';
import { createRollout, untilHealthy } from './fixtures.ts';
import { imageFor, Place, type PlaceOptions, revisionImage } from './promotions.ts';

/** One target of a fleet: its Rollout and its image repository have the same name. */
export interface FleetTarget {
  readonly name: string;
  readonly wave: number;
}

/**
 * A place with several targets: an Environment of the fleet's name, a Rollout at v1 and Healthy for each
 * target, and one gate that judges each target by itself. `new Fleet(api, 'shop', 'fleet', [0, 0, 1])` has
 * the targets `fleet-1` and `fleet-2` in wave 0, and `fleet-3` in wave 1. Its Promotions are looked at as those
 * of any Place; `rollout` and `pods` take the name of a target. `promote('v2')` brings `imageFor('fleet-1', 'v2')`
 * and so on, so a test makes one target bad with `controls.behave(imageFor('fleet-3', 'v2'), ..)`.
 */
export class Fleet extends Place {
  readonly targets: readonly FleetTarget[];

  /** @param waves the wave of each target, in the order in which they are numbered from 1. */
  constructor(api: Api, namespace: string, name: string, waves: readonly number[]) {
    super(api, namespace, name);
    this.targets = waves.map((wave, index) => ({ name: `${name}-${index + 1}`, wave }));
  }

  /** Makes all of it, every Rollout by the same options; the namespace has to exist. */
  override async prepare(options: PlaceOptions = {}): Promise<this> {
    const { api, namespace, targets } = this;
    const images = targets.map(({ name }) => ({ name, image: imageFor(name, 'v1') }));
    await Promise.all(
      images.map(({ name, image }) =>
        createRollout(api, namespace, name, { image, replicas: 2, ...options }),
      ),
    );
    await this.applyPolicy(
      targets.map(({ name, wave }) => ({ name, wave, rollout: { name } })),
      options,
    );
    await Promise.all(targets.map(({ name }) => untilHealthy(api, namespace, name)));
    return this;
  }

  /** Spec of a Promotion of a version of every target, or of those named. */
  override orderOf(
    version: string,
    names: readonly string[] = this.targets.map(({ name }) => name),
  ): { environment: string; revision: { images: object[] } } {
    return {
      environment: this.app,
      revision: { images: names.map((name) => revisionImage(name, version)) },
    };
  }

  /** The image that each target's Rollout declares now, by target. */
  async declared(): Promise<Record<string, string>> {
    const entries = this.targets.map(async ({ name }) => {
      const rollout = await this.rollout(name);
      return [name, rollout.spec.template?.spec.containers[0]?.image ?? ''] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }
}
