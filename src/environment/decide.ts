import { withConditions } from '../api/v1alpha1/conditions.ts';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { toTime } from '../runtime/time.ts';
import { historyOf } from './history.ts';
import type { Input } from './input.ts';
import { quarantineOf, releasedOf } from './quarantine.ts';
import { truthOf } from './truth.ts';

/** The status of an Environment: its truth about each target, what it refuses, and whether it is usable. */
export function decide(input: Input): EnvironmentStatus {
  const { environment, problems } = input;
  const generation = environment.metadata.generation ?? 0;
  const released = releasedOf(input);
  const quarantine = quarantineOf(input, released);
  const history = historyOf(input);
  const targets = environment.spec.targets.map((t) => truthOf(input, t));
  const drifted = targets.filter((t) => t.drift).map((t) => t.name);
  const ready = problems.length === 0;
  return {
    observedGeneration: generation,
    targets,
    ...(quarantine.length > 0 && { quarantine }),
    ...(released.length > 0 && { released }),
    ...(history.length > 0 && { history }),
    conditions: withConditions(
      environment.status?.conditions,
      [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          reason: ready ? 'Ready' : 'AwaitingReference',
          message: ready ? 'every target and gate exists' : problems.join('; '),
        },
        ...(drifted.length > 0
          ? [
              {
                type: 'Drifted',
                status: 'True' as const,
                reason: 'ImagesChanged',
                message: `somebody changed the images of ${drifted.join(', ')} since they were promoted: promote what is meant`,
              },
            ]
          : []),
      ],
      generation,
      toTime(input.now),
    ),
  };
}
