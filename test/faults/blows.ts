import type { ApiRequest } from '../harness/fault-exchange.ts';
import { asks, type Fault } from '../harness/fault-kinds.ts';
import type { Lane } from './lanes.ts';
import type { Playing } from './play.ts';

/** A moment of a request at which an operator dies. */
export type Moment = 'before' | 'committed' | 'answered';

/** Kills a lane's operator at that moment of a request, and starts it again; `failed` hears when it does not start. */
export function deadly(lane: Lane, moment: Moment, failed: (error: unknown) => void): Fault {
  return async (exchange) => {
    const answer = moment === 'before' ? undefined : await exchange.send();
    if (moment === 'committed') answer?.resume();
    if (moment === 'answered' && answer) await exchange.pass(answer);
    await lane.lives.die();
    exchange.cut();
    lane.lives.restart().catch(failed);
  };
}

/** The patch that aborts a Rollout. */
export function isAbort(request: ApiRequest): boolean {
  return asks('patch', 'rollouts/status')(request) && request.body.includes('"/status/abort","value":true');
}

/** Makes the operator of a scene die when its abort has been answered: what it lists and reads anew comes in mid-revert. */
export function dieAtAbort({ lane }: Playing, failed: (error: unknown) => void): void {
  lane.proxy.rule({ matches: isAbort, times: 1, do: deadly(lane, 'answered', failed) });
}
