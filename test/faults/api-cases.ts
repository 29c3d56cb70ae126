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
import { faultCase } from './case.ts';
import { isLong } from './catalogue.ts';
import { play } from './play.ts';
import { goldenEnd, type Stage } from './stage.ts';
import { EACH, READS, type Use, WRITES } from './verbs.ts';
import { playWhere } from './wheres.ts';
import { isAbout, wordsFor } from './writes.ts';

/*
 * The API server refuses, breaks off or does not answer: each way on each verb, in a scene in which it is used, and
 * which has to come to its end all the same. Every different request of that verb is hit once.
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
/** Each is waited for by the client: 15 s, of a Lease 5 s. */
const AFTER: Record<string, Fault> = { 'silence after the commit': silentAfter };
const SILENCES: Record<string, Fault> = { silence: silent, ...AFTER };
/** No read conflicts with anything. */
const READ_FAULTS: Record<string, Fault> = Object.fromEntries(
  Object.entries(REFUSALS).filter(([how]) => how !== '409'),
);

/** Where a request that nobody answers holds up the way forward, or back; elsewhere it is lost after the commit only. */
const SILENCED = ['promotions/status', 'rollouts', 'rollouts/status', 'controllerrevisions', 'leases'];

/** In the short form: the abort and what it is recorded by, and a record that is not let go of at first. */
const SHORT = new Set([
  '429 patch promotions/status',
  'reset after the commit patch rollouts/status',
  '403 patch rollouts',
  '503 delete controllerrevisions',
]);

/** Named after no app: all of its kind in a lane belong to the one scene that is played there. */
const UNNAMED = ['leases', 'configmaps', 'selfsubjectreviews', 'secrets', 'pods', 'decisions'];

interface Injected {
  how: string;
  fault: Fault;
  use: Use;
  /** Only the first. */
  times?: number;
}

function apiCase(stage: Stage, family: string, { how, fault, use, times }: Injected): void {
  const { verb, resource, where } = use;
  // The same request in two scenes has two cases.
  const scene = where === 'good' ? 'good ' : '';
  const what = `${how} ${scene}${verb} ${resource}`;
  faultCase(
    {
      id: `A-${what}`.replaceAll(' ', '-'),
      family,
      injected: `${how} on ${verb} ${resource}${where === 'good' ? ', in a good promotion' : ''}`,
      concurrent: true,
      long: !SHORT.has(what),
    },
    async () => {
      let rule: RuleInForce | undefined;
      await playWhere(stage, where, ({ app, lane }) => {
        rule = lane.proxy.rule({
          matches: (r) =>
            r.verb === verb && r.resource === resource && (UNNAMED.includes(resource) || isAbout(r, app)),
          once: (r) => wordsFor(r, app).join(),
          do: fault,
          ...(times !== undefined && { times }),
        });
      });
      return rule?.hits ?? 0;
    },
  );
}

/** Every list of an operator that starts in mid-revert, or every watch when all have ended: each kind once. */
function eachCase(stage: Stage, how: string, fault: Fault, verb: 'list' | 'watch'): void {
  const each = EACH[verb] ?? [];
  const injected = `${how} on ${verb} of each kind`;
  faultCase(
    {
      id: `A-${how}-${verb}-of-each-kind`.replaceAll(' ', '-'),
      family: 'The API server refuses to be read',
      injected,
      concurrent: true,
      long: true,
    },
    async () => {
      const hit = new Set<string>();
      await playWhere(stage, verb === 'list' ? 'aborted' : 'bad', ({ lane }) => {
        lane.proxy.rule({
          matches: (r) => r.verb === verb && each.includes(r.resource),
          once: ({ resource }) => resource,
          do: (exchange) => {
            hit.add(exchange.request.resource);
            return fault(exchange);
          },
        });
        // Watches are opened anew only when they end.
        if (verb === 'watch') lane.proxy.end((r) => r.verb === 'watch');
      });
      const missed = each.filter((resource) => !hit.has(resource));
      if (missed.length > 0) throw new Error(`nobody asked to ${verb} ${missed.join(', ')}`);
      return hit.size;
    },
  );
}

/** Every way on every verb. */
export function apiCases(stage: Stage): void {
  const inject = (family: string, faults: Record<string, Fault>, use: Use, times?: number): void => {
    for (const [how, fault] of Object.entries(faults))
      apiCase(stage, family, { how, fault, use, ...(times !== undefined && { times }) });
  };
  for (const use of WRITES) inject('The API server refuses a write', WRITE_FAULTS, use);
  for (const use of WRITES) {
    const faults = SILENCED.includes(use.resource) ? SILENCES : AFTER;
    inject('The API server does not answer a write', faults, use, 1);
  }
  for (const use of READS) {
    const family = 'The API server refuses to be read';
    inject(family, use.verb === 'list' ? { ...READ_FAULTS, 410: refuse(410) } : READ_FAULTS, use);
    inject('The API server does not answer who reads', { silence: silent }, use, 1);
  }
  for (const [how, fault] of Object.entries({ ...REFUSALS, 410: refuse(410) })) {
    eachCase(stage, how, fault, 'list');
    eachCase(stage, how, fault, 'watch');
  }
  // A watch that says nothing is a case of its own.
  eachCase(stage, 'silence', silent, 'list');
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
      { id, family, injected: `for 5 s it ${kind}, from the abort on`, concurrent: true },
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
