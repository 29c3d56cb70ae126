import type { ApiRequest } from '../harness/fault-exchange.ts';
import {
  asks,
  cutAfter,
  cutBefore,
  type Fault,
  refuse,
  silent,
  silentAfter,
} from '../harness/fault-kinds.ts';
import type { RuleInForce } from '../harness/fault-proxy.ts';
import { dieAtAbort } from './blows.ts';
import { faultCase } from './case.ts';
import { isLong } from './catalogue.ts';
import { ALL, play } from './play.ts';
import { goldenEnd, type Stage } from './stage.ts';
import { isAbout, wordsFor } from './writes.ts';

/*
 * The API server refuses, breaks off or does not answer: each way on each verb, in a bad promotion that has to be
 * brought back all the same. Every different request of that verb is hit once.
 */

const REFUSALS: Record<string, Fault> = {
  403: refuse(403),
  409: refuse(409),
  429: refuse(429, { 'retry-after': '1' }),
  500: refuse(500),
  503: refuse(503),
  504: refuse(504),
  reset: cutBefore,
};
const WRITE_FAULTS: Record<string, Fault> = { ...REFUSALS, 'reset after the commit': cutAfter };
/** Each is waited for by the client, 15 s. */
const SILENCES: Record<string, Fault> = { silence: silent, 'silence after the commit': silentAfter };

const WRITES = [
  ['patch', 'promotions/status'],
  ['patch', 'promotions'],
  ['patch', 'environments/status'],
  ['patch', 'environments'],
  ['patch', 'rollouts'],
  ['patch', 'rollouts/status'],
  ['create', 'controllerrevisions'],
  ['delete', 'controllerrevisions'],
  ['create', 'events'],
] as const;
const SILENCED = [WRITES[0], WRITES[4], WRITES[5], WRITES[6]] as const;

/** In the short form: the abort and what it is recorded by, and a record that is not let go of at first. */
const SHORT = new Set([
  '429 patch promotions/status',
  'reset after the commit patch rollouts/status',
  '403 patch rollouts',
  '503 delete controllerrevisions',
]);

interface Injected {
  how: string;
  fault: Fault;
  verb: ApiRequest['verb'];
  resource?: string;
  /** Only the first. */
  times?: number;
  /** The operator dies at its abort, so that it asks again for what it knew. */
  dies?: boolean;
}

function apiCase(stage: Stage, family: string, { how, fault, verb, resource, times, dies }: Injected): void {
  const what = `${verb} ${resource ?? 'of each kind'}`;
  const spec = { family, injected: `${how} on ${what}`, laws: ALL, concurrent: true };
  faultCase(
    { ...spec, id: `A-${how}-${what}`.replaceAll(' ', '-'), long: !SHORT.has(`${how} ${what}`) },
    async () => {
      let rule: RuleInForce | undefined;
      const { promise: failed, reject } = Promise.withResolvers<never>();
      const run = stage.lanes.use((lane) =>
        play(lane, 'bad', {
          end: goldenEnd(stage, 'bad'),
          trouble: (playing) => {
            if (dies) dieAtAbort(playing, reject);
            rule = lane.proxy.rule({
              matches: (r) =>
                r.verb === verb &&
                (resource === undefined
                  ? r.resource !== 'leases'
                  : r.resource === resource && isAbout(r, playing.app)),
              once: (r) => wordsFor(r, playing.app).join(),
              do: fault,
              ...(times !== undefined && { times }),
            });
            // Watches are opened anew only when they end.
            if (verb === 'watch') lane.proxy.end((r) => r.verb === 'watch');
          },
        }),
      );
      await Promise.race([run, failed]);
      return rule?.hits ?? 0;
    },
  );
}

/** Every way on every verb. */
export function apiCases(stage: Stage): void {
  for (const [how, fault] of Object.entries(WRITE_FAULTS))
    for (const [verb, resource] of WRITES)
      apiCase(stage, 'The API server refuses a write', { how, fault, verb, resource });

  for (const [how, fault] of Object.entries(SILENCES))
    for (const [verb, resource] of SILENCED)
      apiCase(stage, 'The API server does not answer a write', { how, fault, verb, resource, times: 1 });

  for (const [how, fault] of Object.entries({ ...REFUSALS, 410: refuse(410) })) {
    const family = 'The API server refuses to be read';
    apiCase(stage, family, { how, fault, verb: 'list', dies: true });
    apiCase(stage, family, { how, fault, verb: 'watch' });
    if (how !== '409' && how !== '410')
      apiCase(stage, family, { how, fault, verb: 'get', resource: 'controllerrevisions', dies: true });
  }
  if (isLong) awayCases(stage);
}

function awayCases(stage: Stage): void {
  const family = 'The API server goes away for a while';
  for (const [id, kind, fault] of [
    ['A-away-reset', 'resets everything', cutBefore],
    ['A-away-503', 'answers 503 to everything', refuse(503)],
    ['A-away-429', 'asks to be left alone for a second, each time', refuse(429, { 'retry-after': '1' })],
  ] as const)
    faultCase(
      { id, family, injected: `for 5 s it ${kind}, from the abort on`, laws: ALL, concurrent: true },
      async () => {
        let hits = 0;
        await stage.lanes.use((lane) =>
          play(lane, 'bad', {
            end: goldenEnd(stage, 'bad'),
            trouble: () => {
              lane.proxy.rule({
                matches: asks('patch', 'rollouts/status'),
                times: 1,
                do: (exchange) => {
                  const all = lane.proxy.rule({ matches: () => true, do: fault });
                  setTimeout(() => {
                    hits = all.hits;
                    all.remove();
                  }, 5000);
                  lane.proxy.reset();
                  exchange.cut();
                },
              });
            },
          }),
        );
        return hits;
      },
    );
}
