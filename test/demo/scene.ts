import { rolloutPath } from '../harness/fixtures.ts';
import type { Rollout } from '../harness/kinds.ts';
import { reasonOf } from '../harness/promotions.ts';
import { imageOf, NAMESPACE, type Stage } from './stage.ts';

/** One act: what it shows, what it plays, and what has to come of it. */
export interface Act {
  title: string;
  /** What is to happen, told before it does. */
  plot: string;
  /** Plays it; each entry is something that is not as it should be. */
  play(stage: Stage): Promise<string[]>;
  /** The promotion of this act, for the summary. */
  promotion?: string;
}

/** Acts that belong together, and the folder of their manifests. */
export interface Scene {
  manifests: string;
  acts: readonly Act[];
}

/** What is not as it should be: the ending, and the version that each Rollout declares after it. */
export async function verify(
  stage: Stage,
  name: string,
  ending: string,
  versions: Readonly<Record<string, number>>,
): Promise<string[]> {
  const found = await stage.promotion(name);
  const problems: string[] = [];
  if (reasonOf(found) !== ending) problems.push(`${name} ended ${reasonOf(found)}, not ${ending}`);
  for (const [app, version] of Object.entries(versions)) {
    const { spec } = await stage.world.cluster.api.get<Rollout>(rolloutPath(NAMESPACE, app));
    const image = spec.template?.spec.containers[0]?.image ?? '';
    if (image !== imageOf(app, version)) problems.push(`Rollout ${app} declares ${image}, not v${version}`);
  }
  return problems;
}
