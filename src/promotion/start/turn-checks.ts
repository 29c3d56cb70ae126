import type { Input } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { aheadOf, chosen, NORMAL, priorityOf, rivalFor } from './turn.ts';
import { wait } from './waiting.ts';

/** Whose turn it is, by the Environment's `concurrency`. A dry run takes no turn. */
export function turn(input: Input): Outcome | undefined {
  if (input.promotion.spec.dryRun) return undefined;
  return ambiguous(input) ?? replaced(input) ?? queued(input);
}

/**
 * An Environment that knows nothing of a target (a new cluster, a restore without status) cannot tell which of
 * several orders is the one that holds: `kubectl apply` of a whole directory would play back history.
 */
function ambiguous(input: Input): Outcome | undefined {
  const known = input.environment?.status?.targets ?? [];
  const unknown = chosen(input).filter(({ target }) => {
    const truth = known.find((t) => t.name === target.name);
    return !truth?.current && !truth?.lastGood;
  });
  if (unknown.length === 0 || rivalFor(input, unknown, (r) => r.started)) return undefined;
  const other = rivalFor(input, unknown);
  if (!other) return undefined;
  const names = unknown.map((s) => s.target.name).join(', ');
  return wait(
    input,
    'AmbiguousOrder',
    'AmbiguousOrder',
    `Environment ${input.promotion.spec.environment} knows nothing of target ${names} yet, and promotion ${other.name} is for it as well: delete all but the one that is meant`,
  );
}

/** With Replace the newest that waits is the only one that waits; what is less urgent replaces nothing. */
function replaced(input: Input): Outcome | undefined {
  if (input.environment?.spec.concurrency !== 'Replace') return undefined;
  const createdAt = Date.parse(input.promotion.metadata.creationTimestamp);
  const newer = rivalFor(
    input,
    chosen(input),
    (r) =>
      !r.started &&
      r.priority <= priorityOf(input.promotion.spec) &&
      (r.createdAt > createdAt || (r.createdAt === createdAt && r.uid > input.promotion.metadata.uid)),
  );
  return (
    newer && {
      reason: 'Superseded',
      message: `promotion ${newer.name}, which is newer, waits in its place (concurrency: Replace)`,
    }
  );
}

function queued(input: Input): Outcome | undefined {
  const ahead = aheadOf(input, chosen(input));
  if (!ahead) return undefined;
  // An emergency waits its turn, and what a person takes back: to refuse that helps nobody.
  const mayBeRefused = priorityOf(input.promotion.spec) >= NORMAL;
  if (mayBeRefused && input.environment?.spec.concurrency === 'Reject')
    return {
      reason: 'Busy',
      message: `promotion ${ahead.name} has this target (concurrency: Reject): apply a new Promotion when it has ended`,
    };
  return wait(input, 'Queued', 'Turn', `promotion ${ahead.name} has its turn first on this target`);
}
