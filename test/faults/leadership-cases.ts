import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import { asks, type Fault, late, pass, refuse, silent } from '../harness/fault-kinds.ts';
import { FAILING, PASSING } from '../harness/gates.ts';
import { send } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import { isAbort } from './blows.ts';
import { faultCase } from './case.ts';
import { firstWrite, isLeading, openPair, type Pair } from './pair.ts';
import { endsAs } from './ending.ts';
import type { Replica } from './lanes.ts';
import { play, type Playing } from './play.ts';
import { judgedEnd, type Judged } from './judged.ts';
import { goldenEnd, type Stage } from './stage.ts';

/*
 * Two replicas, of which one leads. Whatever becomes of the lease, work goes on, and what both do is done once: a lease
 * is no fence, so each effect carries its own guard.
 */

const isLeaseWrite = (r: ApiRequest): boolean => r.resource === 'leases' && r.verb !== 'get';

interface Trial {
  id: string;
  injected: string;
  scene: 'good' | 'bad' | 'judged';
  ending: Judged;
  long?: boolean;
  /** Breaks something; answers how often. Called before the promotion is applied. */
  trouble: (pair: Pair, playing: Playing) => Promise<number> | number;
}

function trialCase(stage: Stage, { id, injected, scene, ending, trouble, long = true }: Trial): void {
  faultCase({ id, family: 'Leadership', injected, long, concurrent: true }, async () => {
    const end = scene === 'judged' ? await judgedEnd(stage, ending) : goldenEnd(stage, scene);
    const pair = await openPair(stage.lanes);
    let times = Promise.resolve(0);
    try {
      await play(pair.lane, scene, {
        end,
        replicas: [pair.first, pair.second],
        trouble: (started) => {
          times = Promise.resolve(trouble(pair, started));
          times.catch(() => {});
        },
        expect: (started) => endsAs(started, ending),
      });
      return await times;
    } finally {
      await pair.close();
    }
  });
}

/** Does something at the abort of the first replica, in the place of the request. */
function atAbort({ first: { proxy } }: Pair, fault: Fault): void {
  proxy.rule({ matches: isAbort, times: 1, do: fault });
}

/** Tells how long it took: reported, never asserted. */
function report(what: string, ms: number): void {
  process.stdout.write(`${what}: ${(ms / 1000).toFixed(2)} s\n`);
}

const tells = async ({ operator: { url } }: Replica): Promise<boolean> =>
  (await send('GET', `${url}/metrics`)).body.includes('sluice_environments{');

/** Whether a replica believes that it leads, by what it serves. @throws Error when it does not answer */
const believes = async ({ operator: { url } }: Replica): Promise<boolean> =>
  /^leader_election_master_status\{[^}]*\} 1$/m.test((await send('GET', `${url}/metrics`)).body);

/** Watches both lead for so long. @throws Error when one of them does not, or is gone */
async function bothLead({ first, second }: Pair, ms: number): Promise<void> {
  const until = performance.now() + ms;
  do {
    for (const [which, replica] of Object.entries({ first, second }))
      if (!(await believes(replica))) throw new Error(`the ${which} does not lead any more, so both do not`);
    await delay(250);
  } while (performance.now() < until);
}

/** A figure that both replicas had would count twice in every sum, and its alerts would come twice. */
async function onlyTheLeaderTells({ first, second }: Pair): Promise<void> {
  if (!(await tells(first))) throw new Error('the leader has no figures of Environments');
  if (await tells(second)) throw new Error('the replica that stands by has figures of Environments, too');
}

/** Every trial of two replicas. */
export function leadershipCases(stage: Stage): void {
  const trial = (one: Trial): void => trialCase(stage, one);
  trial({
    id: 'L-killed',
    injected: 'the leader is killed at its abort; the other goes on when the lease has run out',
    scene: 'bad',
    ending: 'RolledBack',
    long: false,
    trouble: async (pair, { app }) => {
      await onlyTheLeaderTells(pair);
      const died = Promise.withResolvers<number>();
      atAbort(pair, async (exchange) => {
        await pair.first.operator.program.kill();
        died.resolve(performance.now());
        exchange.cut();
      });
      const at = await died.promise;
      const write = await firstWrite(pair.second, app, at);
      report('leader killed, to the first write of the other (lease of 15 s)', write.at - at);
      return 1;
    },
  });

  trial({
    id: 'L-term',
    injected: 'the leader is told to end (SIGTERM) while its abort is under way',
    scene: 'bad',
    ending: 'RolledBack',
    trouble: async (pair, { app }) => {
      const told = Promise.withResolvers<number>();
      atAbort(pair, async (exchange) => {
        await pair.first.operator.program.signal('SIGTERM');
        told.resolve(performance.now());
        await delay(500);
        await pass(exchange);
      });
      const at = await told.promise;
      const write = await firstWrite(pair.second, app, at);
      report('leader told to end, to the first write of the other', write.at - at);
      await pair.first.operator.program.exited;
      return 1;
    },
  });

  trial({
    id: 'L-lost',
    injected:
      'the lease is lost while the abort is on its way, which comes 20 s late, after the other has taken over',
    scene: 'bad',
    ending: 'RolledBack',
    trouble: async (pair) => {
      const begun = Promise.withResolvers<void>();
      atAbort(pair, async (exchange) => {
        pair.first.proxy.rule({ matches: isLeaseWrite, do: refuse(503) });
        begun.resolve();
        await late(20_000)(exchange);
      });
      await begun.promise;
      const exit = await pair.first.operator.program.exited;
      if (exit.code !== 1) throw new Error(`who lost the lease ended with ${exit.code}`);
      return 1;
    },
  });

  trial({
    id: 'L-lost-advance',
    injected:
      'the lease is lost while an advance is on its way, which comes 20 s late, after the other has taken over',
    scene: 'good',
    ending: 'Succeeded',
    trouble: async (pair) => {
      const begun = Promise.withResolvers<void>();
      pair.first.proxy.rule({
        matches: asks('patch', 'rollouts/status'),
        times: 1,
        do: async (exchange) => {
          pair.first.proxy.rule({ matches: isLeaseWrite, do: refuse(503) });
          begun.resolve();
          await late(20_000)(exchange);
        },
      });
      await begun.promise;
      await pair.first.operator.program.exited;
      return 1;
    },
  });

  for (const ending of ['RolledBack', 'Succeeded'] as const)
    trial({
      id: `L-both-${ending}`,
      injected:
        'the first is told for 25 s that its lease is renewed, while the other has it: both lead for 5 s and more',
      scene: 'judged',
      ending,
      trouble: async (pair, { place }) => {
        const { proxy } = pair.first;
        const rule = proxy.rule({
          matches: isLeaseWrite,
          do: (exchange) => exchange.reply(200, exchange.request.body),
        });
        const led = async (): Promise<number> => {
          await until('the other leads, too', () => isLeading(pair.second.operator));
          const [both, renewed] = [performance.now(), rule.hits];
          // Only now it is judged: under both.
          await place.apply('Gate', place.app, ending === 'RolledBack' ? FAILING : PASSING);
          await bothLead(pair, 6000);
          rule.remove();
          report('both led for', performance.now() - both);
          // What the first did in its belief.
          return rule.hits - renewed;
        };
        return led();
      },
    });

  trial({
    id: 'L-pause',
    injected:
      'the API server does not answer either of them for 20 s, longer than the lease, from the abort on',
    scene: 'bad',
    ending: 'RolledBack',
    trouble: async (pair) => {
      const begun = Promise.withResolvers<void>();
      atAbort(pair, async (exchange) => {
        const rules = [pair.first, pair.second].map(({ proxy }) =>
          proxy.rule({ matches: () => true, do: silent }),
        );
        begun.resolve();
        setTimeout(() => {
          for (const rule of rules) rule.remove();
          for (const { proxy } of [pair.first, pair.second]) proxy.reset();
        }, 20_000);
        await exchange.closed;
      });
      await begun.promise;
      // Who cannot renew its lease ends at once; in a cluster it is started again.
      await pair.first.operator.program.exited;
      await pair.first.operator.program.start();
      return 1;
    },
  });

  trial({
    id: 'L-slow',
    injected: 'each renewal of the lease takes 2.5 s, half of what it may: the leader stays the leader',
    scene: 'good',
    ending: 'Succeeded',
    trouble: async (pair) => {
      const rule = pair.first.proxy.rule({ matches: isLeaseWrite, do: late(2500) });
      await until('it was renewed four times', () => rule.hits >= 4, { timeoutMs: 120_000 });
      if (isLeading(pair.second.operator))
        throw new Error('the other has taken over from a leader that is only slow');
      return rule.hits;
    },
  });

  trial({
    id: 'L-frozen',
    injected: 'the leader is frozen (SIGSTOP) at its abort for longer than the lease, and then goes on',
    scene: 'bad',
    ending: 'RolledBack',
    trouble: async (pair, { app }) => {
      const begun = Promise.withResolvers<number>();
      atAbort(pair, async (exchange) => {
        await pair.first.operator.program.signal('SIGSTOP');
        begun.resolve(performance.now());
        await pass(exchange);
      });
      const at = await begun.promise;
      await firstWrite(pair.second, app, at);
      await pair.first.operator.program.signal('SIGCONT');
      const { code } = await pair.first.operator.program.exited;
      if (code !== 1) throw new Error(`who had lost the lease ended with ${code}`);
      return 1;
    },
  });
}
