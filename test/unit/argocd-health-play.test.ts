import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Verdict } from '../../src/analysis/sample.ts';
import { findCondition } from '../../src/api/v1alpha1/conditions.ts';
import { reasonOf } from '../../src/api/v1alpha1/reasons.ts';
import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { eventsOf } from '../../src/promotion/testing/arbitrary.ts';
import { BlueGreenModel } from '../../src/promotion/testing/blue-green-model.ts';
import { type Event, happen } from '../../src/promotion/testing/events.ts';
import { play } from '../../src/promotion/testing/play.ts';
import { World, type WorldOptions } from '../../src/promotion/testing/world.ts';
import { told } from '../harness/argocd-doc.ts';
import { ArgoCdLua, scriptOf } from '../harness/argocd-lua.ts';

/* What Argo CD shows of promotions that are really decided, at every moment of their lives. */

let lua: ArgoCdLua;
beforeAll(async () => {
  lua = await ArgoCdLua.start();
});

const rows = told('Promotion');
const [promotionLua, environmentLua] = [scriptOf('Promotion'), scriptOf('Environment')];

/** What the page says of it; a Promotion that nobody has looked at is Progressing. */
function expected(promotion: Promotion): string {
  const reason = reasonOf(promotion);
  if (reason === undefined) return 'Progressing';
  const stalled = findCondition(promotion, 'Stalled') && 'Stalled=True';
  const row =
    rows.find((r) => r.reason === reason && stalled !== undefined && r.condition === stalled) ??
    rows.find((r) => r.reason === reason && r.condition === undefined);
  return row?.health ?? `no row for ${reason}`;
}

/** What was asked before: nobody changes these objects in place. */
const known = new WeakMap<Promotion, string>();

/** Asks both scripts about a world; what it shows of the promotion, in two words. */
function shown(world: World): string {
  const { promotion, environment } = world;
  const before = known.get(promotion);
  if (before !== undefined) return before;
  const { status, message } = lua.health(promotionLua, promotion);
  const reason = reasonOf(promotion) ?? 'nothing';
  expect([reason, status]).toEqual([reason, expected(promotion)]);
  if (reason !== 'nothing') expect(message.startsWith(`${reason}: `)).toBe(true);
  expect(lua.health(environmentLua, environment).status).toBe(environment.status ? 'Healthy' : 'Progressing');
  known.set(promotion, `${status} ${reason}`);
  return `${status} ${reason}`;
}

/** Plays it to its end, or for a while, and returns what was shown, each once and in order. */
function watched(world: World, verdict: Verdict, ...befallen: Event[]): string[] {
  const seen = new Set([shown(world)]);
  const look = (): void => void seen.add(shown(world));
  const [first, second] = befallen;
  if (first) happen(world, first);
  if (second) {
    play(world, 'Pass', 12, look);
    // As the API server stamps a Decision: whole seconds.
    world.now = Math.ceil(world.now / 1000) * 1000;
    happen(world, second);
  }
  play(world, verdict, 400, look);
  return [...seen];
}

const NOTHING: Event = { do: 'environment' };
const blueGreen: WorldOptions = { model: (template, name) => new BlueGreenModel(template, name) };
const person: WorldOptions = { persons: { cab: { required: 1 } }, requester: 'alice' };
const night = {
  windows: [{ name: 'w', kind: 'Allow', schedule: '0 9 * * *', durationSeconds: 3600, timeZone: 'Etc/UTC' }],
};

describe('a promotion, from its first moment to its last', () => {
  test('that is good', () => {
    expect(watched(new World(), 'Pass')).toEqual([
      'Progressing nothing',
      'Progressing Preflight',
      'Progressing Applying',
      'Progressing Advancing',
      'Progressing Settling',
      'Progressing Analysing',
      'Progressing Baking',
      'Healthy Succeeded',
    ]);
  });

  test('that fails at its first step', () => {
    const seen = watched(new World(), 'Fail', NOTHING, NOTHING);
    expect(seen.slice(-3)).toEqual(['Progressing Analysing', 'Progressing Reverting', 'Degraded RolledBack']);
  });

  test.each<[string, WorldOptions, Verdict, Event[], string[]]>([
    ['that waits for a person', person, 'Pass', [], ['Suspended AwaitingApproval']],
    ['outside of a window', { environment: night }, 'Pass', [], ['Suspended WindowClosed']],
    ['with metrics away', {}, 'Error', [NOTHING, NOTHING], ['Progressing Holding', 'Degraded Holding']],
    ['held by a person', {}, 'Pass', [NOTHING, { do: 'order', verdict: 'Hold' }], ['Degraded HeldByPerson']],
    ['aborted', {}, 'Pass', [NOTHING, { do: 'order', verdict: 'Abort' }], ['Degraded Aborted']],
    [
      'aborted by a stranger',
      {},
      'Pass',
      [NOTHING, { do: 'meddle', how: 'abort', target: 'checkout' }],
      ['Degraded ExternalAbort'],
    ],
    [
      'deleted in flight',
      {},
      'Pass',
      [NOTHING, { do: 'delete' }],
      ['Progressing Reverting', 'Degraded Deleted'],
    ],
    ['of a blue-green', blueGreen, 'Pass', [], ['Healthy Succeeded']],
    ['of a blue-green that fails', blueGreen, 'Fail', [NOTHING, NOTHING], ['Degraded RolledBack']],
    ['in waves', { waves: [0, 1] }, 'Pass', [], ['Healthy Succeeded']],
    ['in waves that fail', { waves: [0, 1] }, 'Fail', [NOTHING, NOTHING], ['Degraded RolledBack']],
  ])('%s', (_, options, verdict, events, all) => {
    const seen = watched(new World(options), verdict, ...events);
    expect(seen).toEqual(expect.arrayContaining(all));
  });

  test('whose revert cannot be proven', () => {
    const world = new World();
    play(world, 'Pass', 12);
    world.forbidden.add('checkout');
    expect(watched(world, 'Fail').at(-1)).toBe('Degraded RollbackBlocked');
  });

  test('whatever happens, in any order', () => {
    const events = eventsOf({
      verdicts: ['Pass', 'Pass', 'Pass', 'Fail', 'Inconclusive', 'Error'],
      meddling: ['abort', 'promote', 'pause'],
      orders: ['Hold', 'Resume', 'Abort'],
      maxLength: 60,
    });
    fc.assert(
      fc.property(events, (list) => {
        const world = new World();
        for (const event of list) {
          happen(world, event);
          shown(world);
        }
      }),
      { numRuns: 60 },
    );
  });
});
