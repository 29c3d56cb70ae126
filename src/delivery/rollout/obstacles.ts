import type { Obstacle } from '../delivery.ts';
import type { StrategyView } from './strategy.ts';
import type { Rollout } from './types.ts';

/** Everything that stands in the way of a new promotion on this Rollout, each with its fix. */
export function obstaclesOf(rollout: Rollout, strategy: StrategyView, observed: boolean): Obstacle[] {
  const { spec, status = {} } = rollout;
  const name = `Rollout ${rollout.metadata.name}`;
  const unfit = (message: string): Obstacle => ({ kind: 'Unfit', message: `${name}: ${message}` });
  const busy = (message: string): Obstacle => ({ kind: 'Busy', message: `${name} ${message}` });
  const found: Obstacle[] = [];
  if (spec.workloadRef)
    found.push(unfit('workloadRef is not supported yet: move the template into the Rollout'));
  if (spec.revisionHistoryLimit === 0)
    found.push(unfit('revisionHistoryLimit: 0 keeps nothing to go back to: set it to 1 or more'));
  found.push(...strategy.problems.map(unfit));
  found.push(
    ...strategy.unjudgeable.map((p): Obstacle => ({ kind: 'Unjudgeable', message: `${name}: ${p}` })),
  );
  if (spec.paused)
    found.push(unfit('spec.paused is set, which also keeps a revert from reaching traffic: remove it'));
  if (!observed) found.push(busy('has not been observed by the Rollouts controller yet: is it running?'));
  else if (status.abort)
    found.push(
      busy('is aborted: restore its previous template, for example with `kubectl argo rollouts undo`'),
    );
  else if (status.currentPodHash !== status.stableRS || status.phase !== 'Healthy')
    found.push(
      busy(
        `is not at rest (${status.phase ?? 'no phase'}${status.message ? `: ${status.message}` : ''}): wait for it, or finish what is under way`,
      ),
    );
  return found;
}
