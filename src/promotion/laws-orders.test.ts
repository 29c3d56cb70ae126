import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../runtime/hash.ts';
import type { Order } from './input.ts';
import { inOrder } from './orders.ts';
import type { PodTemplate } from '../delivery/rollout/types.ts';
import { RolloutModel } from './testing/rollout-model.ts';
import { World, type WorldOptions } from './testing/world.ts';

/* What people decide, and what the policy of a place makes of a gate: over the real decisions. */

type Verdict = 'Pass' | 'Fail' | 'Inconclusive' | 'Error';

function play(world: World, verdict: Verdict, rounds = 400, until = (): boolean => false): void {
  for (let round = 0; round < rounds && !world.ended && !until(); round += 1) {
    world.reconcile();
    world.tick();
    world.sample(verdict);
    world.environmentTick();
    world.now += 500;
  }
}

/** Judged at the first pause. */
function analysing(options: WorldOptions = {}): World {
  const world = new World(options);
  play(world, 'Pass', 60, () => world.promotion.status?.targets?.[0]?.state === 'Analysing');
  return world;
}

let count = 0;
function order(world: World, verdict: Order['verdict']): void {
  count += 1;
  // As the API server stamps it: whole seconds.
  const at = Math.floor(world.now / 1000) * 1000;
  const made = { name: `d${count}`, uid: `d${count}-uid`, by: 'bob', verdict, at, reason: 'because' };
  world.orders = inOrder([...world.orders, made]);
}

const declared = (world: World): string => canonicalJson(world.model.rollout.spec.template);
const stalled = (world: World): boolean =>
  world.promotion.status?.conditions?.some((c) => c.type === 'Stalled') ?? false;

describe('a Hold', () => {
  test('stops every advance, whatever passes, and a Resume goes on', () => {
    const world = analysing();
    order(world, 'Hold');
    play(world, 'Pass', 100);
    expect(world.reason).toBe('HeldByPerson');
    expect(stalled(world)).toBe(true);
    expect(world.effects).not.toContain('Advance');
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.decisions?.map((d) => d.verdict)).toEqual(['Hold', 'Resume']);
  });

  test('leaves the guards on: a failure goes back', () => {
    const world = analysing();
    order(world, 'Hold');
    play(world, 'Pass', 20);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(declared(world)).toBe(world.template);
  });

  test('stops the clock of every deadline, which runs anew after the Resume', () => {
    const world = analysing({ gate: { deadlineSeconds: 20, onDeadline: 'Revert' } });
    order(world, 'Hold');
    play(world, 'Inconclusive', 100);
    expect(world.reason).toBe('HeldByPerson');
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Inconclusive', 10);
    expect(world.promotion.status?.revert).toBeUndefined();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('before anything is changed it waits', () => {
    const world = new World();
    order(world, 'Hold');
    play(world, 'Pass', 30);
    expect(world.reason).toBe('HeldByPerson');
    expect(world.effects).toEqual([]);
  });

  test('keeps images from being written that a killed operator was about to write', () => {
    const world = new World();
    while (!world.promotion.status?.plan) {
      world.sample('Pass');
      world.reconcile('effects refused');
      for (const effect of world.fork().reconcile().effects) if (effect.kind === 'Record') world.reconcile();
      world.promotion.metadata.finalizers = ['sluice.dev/revert'];
    }
    expect(world.effects).toEqual(['Record']);
    order(world, 'Hold');
    play(world, 'Pass', 20);
    expect(world.effects).toEqual(['Record']);
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test.each(['Analysing', 'Promoted'])('costs nothing while every gate passes (%s)', (state) => {
    const world = new World({ waves: [0, 1] });
    play(world, 'Pass', 200, () => world.promotion.status?.targets?.[0]?.state === state);
    order(world, 'Hold');
    play(world, 'Pass', 60);
    const { wakeAt, status } = world.reconcile();
    expect(status.targets?.[0]?.state).toBe(state);
    expect(wakeAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(world.now);
  });

  test('keeps the end of the bake back as well', () => {
    const world = analysing();
    play(world, 'Pass', 200, () => world.promotion.status?.targets?.[0]?.state === 'Baking');
    order(world, 'Hold');
    play(world, 'Pass', 60);
    expect(world.ended).toBe(false);
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

describe('an Abort', () => {
  test('brings the recorded template back, without quarantine', () => {
    const world = analysing();
    order(world, 'Abort');
    play(world, 'Pass');
    expect(world.reason).toBe('Aborted');
    expect(declared(world)).toBe(world.template);
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
    expect(world.promotion.status?.conditions?.find((c) => c.type === 'RolledBack')?.status).toBe('True');
    expect(world.promotion.status?.decisions?.map((d) => d.verdict)).toEqual(['Abort']);
  });

  test('before anything is changed it ends it, and touches nothing', () => {
    const world = new World();
    order(world, 'Abort');
    play(world, 'Pass');
    expect(world.reason).toBe('Aborted');
    expect(world.effects).toEqual([]);
  });

  test('in every state it ends with the recorded template', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), fc.boolean(), (rounds, crash) => {
        const world = new World();
        play(world, 'Pass', rounds);
        if (world.ended) return;
        order(world, 'Abort');
        world.reconcile(crash ? 'after effect' : undefined);
        play(world, 'Pass');
        expect(world.reason).toBe('Aborted');
        expect(declared(world)).toBe(world.template);
      }),
      { numRuns: 120 },
    );
  });
});

const remove = (world: World): void => {
  world.promotion.metadata.deletionTimestamp = '2026-01-01T00:10:00Z';
};

describe('deleting a promotion', () => {
  test('in every state it is an abort, and the finalizer goes last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), (rounds) => {
        const world = new World();
        play(world, 'Pass', rounds);
        if (world.ended) return;
        const applied = world.effects.includes('Apply');
        if (applied) expect(world.promotion.metadata.finalizers).toEqual(['sluice.dev/revert']);
        remove(world);
        play(world, 'Pass');
        expect(world.reason).toBe('Deleted');
        expect(declared(world)).toBe(world.template);
        expect(world.promotion.metadata.finalizers ?? []).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('an ended one is touched no more', () => {
    const world = new World();
    play(world, 'Pass');
    const effects = world.effects.length;
    expect(world.promotion.metadata.finalizers).toEqual([]);
    remove(world);
    play(world, 'Pass', 5);
    expect(world.effects).toHaveLength(effects);
  });
});

describe('an hour without metrics', () => {
  test('holds at 20 %, writes nothing while it does, and goes on by itself', () => {
    const world = analysing();
    play(world, 'Error', 200);
    expect(world.reason).toBe('Holding');
    expect(stalled(world)).toBe(true);
    const { writes } = world;
    play(world, 'Error', 7200);
    expect(world.writes).toBe(writes);
    expect(world.promotion.status?.targets?.[0]?.weight).toBe(20);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

describe('what the policy makes of a gate', () => {
  test('onFail Hold: the weight stays, it pages, and a person decides', () => {
    const options = { environment: { rollback: { onFail: 'Hold' } } };
    const world = analysing(options);
    play(world, 'Fail', 20);
    expect(world.reason).toBe('HeldByPerson');
    expect(stalled(world)).toBe(true);
    expect(world.promotion.status?.revert).toBeUndefined();
    expect(world.effects).not.toContain('Abort');
    order(world, 'Abort');
    play(world, 'Pass');
    expect(world.reason).toBe('Aborted');
    expect(declared(world)).toBe(world.template);
  });

  test('onFail Hold: a Resume judges the step anew, and is no pass', () => {
    const world = analysing({ environment: { rollback: { onFail: 'Hold' } } });
    play(world, 'Fail', 6);
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Fail', 6);
    expect(world.reason).toBe('HeldByPerson');
    expect(world.effects).not.toContain('Advance');
    world.now += 1000;
    order(world, 'Resume');
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test.each([
    ['Hold', 'Holding', false],
    ['Revert', 'RolledBack', false],
    ['Pass', 'Succeeded', false],
  ])('onDeadline %s: no verdict for too long comes to %s, without quarantine', (onDeadline, reason) => {
    const world = analysing({ gate: { deadlineSeconds: 10, onDeadline } });
    play(world, 'Inconclusive', 300);
    expect(world.reason).toBe(reason);
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
    if (onDeadline === 'Pass')
      expect(world.promotion.status?.gates?.[0]?.message).toContain('passed by onDeadline');
  });

  test.each([
    ['Hold', 'Holding'],
    ['Revert', 'RolledBack'],
  ])('onBlind %s: blind for too long comes to %s, without quarantine', (onBlind, reason) => {
    const world = analysing({ environment: { analysis: { maxBlindSeconds: 5, bakeSeconds: 1, onBlind } } });
    play(world, 'Error', 100);
    expect(world.reason).toBe(reason);
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
  });

  test('where no gate judges on the way, steps that go on by themselves are fine', () => {
    const steps = [{ setWeight: 20 }, { setWeight: 60 }];
    const model = (template: PodTemplate, name: string): RolloutModel =>
      new RolloutModel(template, steps, name);
    const ungated = new World({ model, environment: { gates: undefined } });
    play(ungated, 'Pass');
    expect(ungated.reason).toBe('Succeeded');
    const gated = new World({ model });
    play(gated, 'Pass', 60);
    expect(gated.reason).toBe('Preflight');
    expect(gated.promotion.status?.blockedBy?.[0]?.message).toContain('no `pause: {}`');
  });

  test('an advisory gate is shown, and never decides', () => {
    const world = analysing({ gate: { advisory: true } });
    play(world, 'Fail');
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.gates?.[0]).toMatchObject({ verdict: 'Fail' });
    expect(world.promotion.status?.gates?.[0]?.message).toContain('advisory');
  });

  test('fromWeight: not asked below it, asked from it on', () => {
    const gates = [{ gate: 'error-rate', when: 'During', fromWeight: 50 }];
    const world = new World({ environment: { gates } });
    play(world, 'Pass', 80, () => world.promotion.status?.targets?.[0]?.weight === 20);
    expect(world.requests.size).toBe(0);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert?.message).toContain('60 %');
  });

  test('a gate for one target is not asked of another', () => {
    const gates = [{ gate: 'error-rate', when: 'During', targets: ['target-1'] }];
    const world = new World({ waves: [0, 0], environment: { gates } });
    play(world, 'Pass', 60, () => world.requests.size > 0 && world.promotion.status?.plan !== undefined);
    expect([...world.requests.values()].map((r) => r.target.name)).toEqual(['target-1']);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a gate that comes Before keeps it from beginning, and one that comes After brings it back', () => {
    const before = new World({ environment: { gates: [{ gate: 'error-rate', when: 'Before' }] } });
    play(before, 'Fail', 60);
    expect(before.reason).toBe('Preflight');
    expect(before.effects).not.toContain('Apply');
    play(before, 'Pass');
    expect(before.reason).toBe('Succeeded');

    const after = new World({ environment: { gates: [{ gate: 'error-rate', when: 'After' }] } });
    play(after, 'Pass', 300, () => after.promotion.status?.targets?.[0]?.state === 'Verifying');
    play(after, 'Fail');
    expect(after.reason).toBe('RolledBack');
    expect(declared(after)).toBe(after.template);
  });
});
