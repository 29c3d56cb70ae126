import type { BlockerReason } from '../../api/v1alpha1/blockers.ts';
import type { Environment, Upstream } from '../../api/v1alpha1/types.ts';
import { verifiedIn } from '../../environment/verified.ts';
import { earliest, toTime } from '../../runtime/time.ts';
import { passOver, whyNotSkipped } from '../bypass.ts';
import type { Input } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import { imagesOf } from '../revision.ts';
import { wait } from './waiting.ts';

/** How it stands with one of the Environments upstream; undefined: verified, and soaked. */
interface Lack {
  reason: 'AwaitingUpstream' | 'Soaking' | 'AwaitingReference';
  blocker: Extract<BlockerReason, 'Upstream' | 'Soak' | 'Digest' | 'Reference'>;
  message: string;
  /** When the soak is over, epoch milliseconds. */
  until?: number;
}

/** What keeps a promotion from rising: it is not good upstream yet, or not for long enough. A dry run waits as well. */
export function unverified(input: Input): Outcome | undefined {
  const lack = lackOf(input);
  if (!lack) return undefined;
  const outcome = wait(input, lack.reason, lack.blocker, `${lack.message}${whyNotSkipped(input)}`);
  if (lack.until === undefined) return outcome;
  const until = toTime(lack.until);
  return {
    ...outcome,
    wakeAt: lack.until,
    blockedBy: (outcome.blockedBy ?? []).map((b) => ({ ...b, until })),
  };
}

/** What the Environment's upstream lacks; undefined: nothing. */
export function lackOf(input: Input): Lack | undefined {
  const { environment, promotion, upstreams } = input;
  const upstream = environment?.spec.upstream;
  if (!upstream || promotion.spec.rollback || passOver(input, 'Upstream')) return undefined;
  const images = imagesOf(promotion);
  const undigested = images.find((i) => i.digest === undefined);
  if (undigested)
    return {
      reason: 'AwaitingReference',
      blocker: 'Digest',
      message: `what is verified upstream is a digest, and ${undigested.image}:${undigested.tag ?? ''} may be anything tomorrow: add the digest in a new Promotion`,
    };
  const lacks = upstream.environments.map(({ name, soakSeconds }) =>
    lackIn(input, name, upstreams.get(name), passOver(input, 'Soak') ? 0 : soakSeconds),
  );
  return weigh(upstream.require, lacks);
}

function lackIn(
  input: Input,
  name: string,
  upstream: Environment | undefined,
  soakSeconds: number,
): Lack | undefined {
  if (!upstream)
    return {
      reason: 'AwaitingReference',
      blocker: 'Reference',
      message: `Environment ${name}, which is upstream, does not exist: apply it`,
    };
  const verified = verifiedIn(upstream, imagesOf(input.promotion));
  if (!verified.good) return { reason: 'AwaitingUpstream', blocker: 'Upstream', message: verified.message };
  const until = verified.since + soakSeconds * 1000;
  if (input.now >= until) return undefined;
  return {
    reason: 'Soaking',
    blocker: 'Soak',
    message: `it has been good in Environment ${name} since ${toTime(verified.since)}, and soaks there until ${toTime(until)}`,
    until,
  };
}

/** All: the first that lacks speaks, and the last soak is waited for. Any: nothing lacks where one is through. */
function weigh(require: Upstream['require'], lacks: readonly (Lack | undefined)[]): Lack | undefined {
  const open = lacks.filter((lack) => lack !== undefined);
  if (open.length === 0 || (require === 'Any' && open.length < lacks.length)) return undefined;
  const soaking = open.filter((lack) => lack.until !== undefined);
  if (require === 'Any') {
    const next = earliest(...soaking.map((s) => s.until));
    return soaking.find((s) => s.until === next) ?? open[0];
  }
  const other = open.find((lack) => lack.until === undefined);
  if (other) return other;
  return soaking.toSorted((a, b) => (b.until ?? 0) - (a.until ?? 0))[0];
}
