import { withConditions } from '../api/v1alpha1/conditions.ts';
import type { Environment, EnvironmentStatus } from '../api/v1alpha1/types.ts';
import { presentable } from '../runtime/presentable.ts';
import { toTime } from '../runtime/time.ts';
import { calendarOf, declaredFreezeOf, type Freeze, freezeOf } from './calendar.ts';
import { conditionsOf } from './conditions.ts';
import { decisionsOf } from './decided.ts';
import { doraOf } from './dora.ts';
import { followUpsOf, overdue } from './follow-ups.ts';
import { historyOf } from './history.ts';
import type { Input } from './input.ts';
import { heldAuto } from './rollbacks.ts';
import { quarantineOf, releasedOf } from './quarantine.ts';
import { declaredWindowsOf } from './stood.ts';
import { truthOf } from './truth.ts';

type Held = NonNullable<EnvironmentStatus['autoPromote']>;

/** The status of an Environment: its truth about each target, what it refuses, and whether it is usable. */
export function decide(input: Input): EnvironmentStatus {
  const { environment, problems } = input;
  const generation = environment.metadata.generation ?? 0;
  const released = releasedOf(input);
  const quarantine = quarantineOf(input, released);
  const history = historyOf(input);
  const decisions = decisionsOf(input);
  const dora = doraOf(history, {
    now: input.now,
    limit: environment.spec.historyLimit,
    takenBack: decisions.flatMap((d) =>
      d.left === undefined ? [] : [{ revisionDigest: d.left, at: Date.parse(d.at) }],
    ),
  });
  const targets = environment.spec.targets.map((t) => truthOf(input, t));
  const calendar = calendarOf(environment, input.now);
  const freeze = freezeOf(environment, input.freezes, input.now);
  const declared = declaredFreezeOf(environment, input.now);
  const windows = declaredWindowsOf(environment, input.now);
  const held = heldAuto(input);
  const followUps = followUpsOf(input);
  const late = overdue(followUps, input.now);
  return {
    observedGeneration: generation,
    targets,
    ...(quarantine.length > 0 && { quarantine }),
    ...(released.length > 0 && { released }),
    ...(dora && { dora }),
    ...(calendar && { window: windowOf(calendar) }),
    ...(windows && { declaredWindows: windows }),
    ...(freeze && { freeze: freezeStatus(freeze) }),
    ...(declared && { declaredFreeze: declared }),
    ...(held && { autoPromote: { ...held, message: howToResume(environment, held) } }),
    ...(followUps.length > 0 && { followUps }),
    ...(decisions.length > 0 && { decisions }),
    ...(history.length > 0 && { history }),
    conditions: withConditions(
      environment.status?.conditions,
      conditionsOf(environment, { targets, late, freeze, problems, unreadable: calendar?.unreadable }),
      generation,
      toTime(input.now),
    ),
  };
}

function windowOf({
  open,
  reason,
  nextOpen,
  nextClose,
}: NonNullable<ReturnType<typeof calendarOf>>): EnvironmentStatus['window'] {
  return {
    open,
    reason: presentable(reason, 1024),
    ...(nextOpen !== undefined && { nextOpen: toTime(nextOpen) }),
    ...(nextClose !== undefined && { nextClose: toTime(nextClose) }),
  };
}

function freezeStatus({ by, reason, until }: Freeze): EnvironmentStatus['freeze'] {
  return {
    ...(by !== undefined && { by: presentable(by, 512) }),
    reason: presentable(reason, 1024),
    ...(until !== undefined && { until: toTime(until) }),
  };
}

/** What lets go on what comes by itself. */
function howToResume({ metadata }: Environment, { heldBy }: Held): string {
  return `held by ${heldBy}: create a Decision with verdict Resume for Environment ${metadata.name}, without promotion, to let it go on`;
}
