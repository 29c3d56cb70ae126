import type { Input, Rival } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { aheadOf, chosen, NORMAL, priorityOf, rivalFor } from './turn.ts';
import { lackOf } from './upstream.ts';
import { wait } from './waiting.ts';

/** Whose turn it is, by the Environment's `concurrency`. A dry run takes no turn. */
export function turn(input: Input): Outcome | undefined {
  if (input.promotion.spec.dryRun) return undefined;
  return ambiguous(input) ?? replaced(input) ?? queued(input);
}

/** Whether it could begin as far as its upstream goes; what soaks there could, in time. */
function isGoodUpstream(input: Input): boolean {
  const lack = lackOf(input);
  return lack === undefined || lack.reason === 'Soaking';
}

/** The same of another one; what is more urgent may pass over it. */
function isRivalGood(input: Input, { priority, images }: Rival): boolean {
  if (priority < NORMAL) return true;
  const { environment } = input.promotion.spec;
  const spec = { environment, revision: { images: [...images] } };
  const promotion = { ...input.promotion, spec, status: undefined };
  return isGoodUpstream({ ...input, promotion, bypasses: [] });
}

/**
 * An Environment that knows nothing of a target (a new cluster, a restore without status) cannot tell which of
 * several orders is the one that holds: `kubectl apply` of a whole directory would play back history. One that is not
 * good upstream is no candidate: it waits for that, as what autoPromote has ordered does when staging has gone on.
 */
function ambiguous(input: Input): Outcome | undefined {
  const known = input.environment?.status?.targets ?? [];
  const unknown = chosen(input).filter(({ target }) => {
    const truth = known.find((t) => t.name === target.name);
    return !truth?.current && !truth?.lastGood;
  });
  if (unknown.length === 0 || rivalFor(input, unknown, (r) => r.started)) return undefined;
  if (!isGoodUpstream(input)) return undefined;
  const other = rivalFor(input, unknown, (r) => isRivalGood(input, r));
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
