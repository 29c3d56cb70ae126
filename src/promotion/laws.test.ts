import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Rollout } from '../delivery/rollout/types.ts';
import { canonicalJson } from '../runtime/hash.ts';
import { eventsOf, obeys } from './testing/arbitrary.ts';
import { play } from './testing/play.ts';
import { NEW, OLD, World } from './testing/world.ts';

/*
 * The laws of the product over `decide`, whatever happens in whatever order: controller steps, samples
 * of every verdict, time, and crashes at each write. The views and the patches are the real ones.
 */

const declared = (world: World): string => canonicalJson(world.model.rollout.spec.template);
const newPods = (world: World): number =>
  [...world.model.pods.values()]
    .filter((p) => p.template?.spec?.containers?.[0]?.image === NEW)
    .reduce((sum, p) => sum + p.replicas, 0);

/** Under way, and judged at the first pause. */
const analysing = (): World => {
  const world = new World();
  for (let i = 0; i < 60 && world.promotion.status?.targets?.[0]?.state !== 'Analysing'; i += 1)
    play(world, 'Pass', 1);
  return world;
};
/** An edit of the spec by somebody else. */
const edit = (world: World, change: (rollout: World['model']['rollout']) => void): void => {
  change(world.model.rollout);
  world.model.rollout.metadata.generation = (world.model.rollout.metadata.generation ?? 0) + 1;
};

/** A gate fails at a pause, and the abort has been commanded. */
const aborted = (): World => {
  const world = analysing();
  world.sample('Fail');
  world.reconcile();
  expect(world.effects.at(-1)).toBe('Abort');
  return world;
};

describe('images that a killed operator had sent', () => {
  test('are refused when they arrive after they were taken back', () => {
    const world = new World();
    while (!world.promotion.status?.plan) {
      world.sample('Pass');
      const latches = world
        .fork()
        .reconcile()
        .effects.some((e) => e.kind === 'Apply');
      world.reconcile(latches ? 'effects under way' : undefined);
    }
    expect(world.underWay.map((w) => w.kind)).toEqual(['Apply']);
    play(world, 'Pass', 20);
    play(world, 'Fail', 60);
    expect(world.reason).toBe('RolledBack');
    world.land();
    expect(declared(world)).toBe(world.template);
  });
});

describe('an advance that a killed operator had sent', () => {
  test('and that arrives after the next one has looked is not taken for a stranger', () => {
    const world = analysing();
    while (!world.effects.includes('Advance')) {
      world.now += 1000;
      world.sample('Pass');
      const before = world.fork();
      if (!before.reconcile().effects.some((e) => e.kind === 'Advance')) world.reconcile();
      else break;
    }
    world.reconcile('effects under way');
    world.reconcile();
    world.land();
    for (let i = 0; i < 3; i += 1) world.tick();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

const anything = eventsOf({ verdicts: ['Pass', 'Fail', 'Inconclusive', 'Error'], maxLength: 150 });
/** Whether what may be written later is. */
const patience = fc.boolean();
const runs = { numRuns: 400 };

describe('the golden path', () => {
  test('a good revision is fully promoted and ends Succeeded, with the record let go', () => {
    const world = new World();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
    expect(world.effects).toEqual(['Record', 'Apply', 'Advance', 'Advance', 'Forget']);
    expect(newPods(world)).toBe(5);
  });

  test('a bad revision is aborted first, then the recorded template is put back and proven', () => {
    const world = new World();
    for (let i = 0; i < 40 && world.promotion.status?.targets?.[0]?.state !== 'Analysing'; i += 1) {
      play(world, 'Pass', 1);
    }
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects).toEqual(['Record', 'Apply', 'Abort', 'Restore', 'Forget']);
    expect(declared(world)).toBe(world.template);
    expect(newPods(world)).toBe(0);
    const { revert } = world.promotion.status ?? {};
    const times = [
      revert?.detectedAt,
      revert?.commandedAt,
      revert?.trafficRestoredAt,
      revert?.intentRestoredAt,
    ];
    expect(times.every(Boolean)).toBe(true);
    expect(times.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(times);
  });

  test('a failure in the bake is reverted without walking the steps', () => {
    const world = new World();
    for (let i = 0; i < 200 && world.promotion.status?.targets?.[0]?.state !== 'Baking'; i += 1)
      play(world, 'Pass', 1);
    play(world, 'Fail');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects.slice(-3)).toEqual(['Restore', 'PromoteFull', 'Forget']);
    expect(declared(world)).toBe(world.template);
    expect(newPods(world)).toBe(0);
  });
});

describe('every law, at each step', () => {
  test('whatever happens in whatever order', () => {
    fc.assert(
      fc.property(patience, anything, (patient, list) => void obeys(new World({ patient }), list)),
      runs,
    );
  });

  test('where nothing fails, so that it gets far', () => {
    const events = eventsOf({ verdicts: ['Pass', 'Pass', 'Pass', 'Error'], minLength: 60, maxLength: 300 });
    fc.assert(
      fc.property(patience, events, (patient, list) => void obeys(new World({ patient }), list)),
      runs,
    );
  });

  test('an Apply that arrives after all is over, from a process long gone, comes to nothing', () => {
    const world = obeys(new World({ patient: false }), [
      { do: 'reconcile' },
      { do: 'sample', verdict: 'Pass' },
      { do: 'reconcile' },
      { do: 'reconcile', fault: 'effects under way' },
      { do: 'order', verdict: 'Abort' },
      { do: 'reconcile' },
      { do: 'reconcile' },
      { do: 'land' },
      { do: 'tick' },
    ]);
    expect(world.reason).toBe('Aborted');
    expect(declared(world)).toContain(OLD);
  });

  test('whatever people do besides', () => {
    const events = eventsOf({
      verdicts: ['Pass', 'Pass', 'Fail', 'Error'],
      meddling: ['abort', 'retry', 'promote', 'pause', 'unpause'],
      orders: ['Hold', 'Resume', 'Abort'],
      freezes: true,
      minLength: 40,
      maxLength: 200,
    });
    fc.assert(
      fc.property(patience, events, (patient, list) => void obeys(new World({ patient }), list)),
      runs,
    );
  });
});

describe('persons', () => {
  test('nothing is begun without them, whatever happens in whatever order', () => {
    const events = eventsOf({
      verdicts: ['Pass', 'Pass', 'Fail', 'Error'],
      approvals: { by: ['alice', 'bob', 'carol', 'dave', 'erin', 'system:node'], gates: ['peer', 'cab'] },
      freezes: true,
      minLength: 30,
      maxLength: 150,
    });
    const persons = { peer: {}, cab: { required: 2, persons: 'Distinct' } };
    const asked = fc.constantFrom('by alice', 'by a machine', 'by nobody known', 'by alice, unproven');
    fc.assert(
      fc.property(patience, asked, events, (patient, how, list) => {
        const requester = how === 'by alice' ? 'alice' : undefined;
        const world = new World({ patient, persons, ...(requester !== undefined && { requester }) });
        world.byMachine = how === 'by a machine';
        if (how.startsWith('by alice')) world.promotion.spec.requestedBy = 'alice';
        obeys(world, list);
      }),
      runs,
    );
  });
});

describe('persons on the way', () => {
  test('nothing rises to where they are asked without them, also while their Gate is not to be seen', () => {
    const environment = {
      gates: [
        { gate: 'error-rate', when: 'During' },
        { gate: 'cab', when: 'During', fromWeight: 50 },
      ],
    };
    const events = eventsOf({
      verdicts: ['Pass'],
      approvals: { by: ['alice', 'bob'], gates: ['cab'] },
      vanishing: ['cab', 'error-rate'],
      minLength: 30,
      maxLength: 100,
    });
    const world = new World({ persons: { cab: {} }, requester: 'alice', environment });
    for (let i = 0; i < 60 && world.promotion.status?.targets?.[0]?.state !== 'Analysing'; i += 1)
      play(world, 'Pass', 1);
    fc.assert(
      fc.property(events, (list) => void obeys(world, list)),
      runs,
    );
  });
});

/** Passed at the first pause, told to go on, and gone on: the operator has not seen that yet. */
const advanced = (): World => {
  const world = analysing();
  while (world.effects.at(-1) !== 'Advance') {
    world.now += 1000;
    world.sample('Pass');
    world.reconcile();
  }
  world.tick();
  return world;
};

describe('a Fail is not lost', () => {
  test('that comes in while the controller goes on to the next step', () => {
    const world = advanced();
    world.sample('Fail');
    world.reconcile();
    expect(world.promotion.status?.revert?.reason).toBe('error-rate');
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
  });

  test('and waits for a person where the policy says so, until that person says to go on', () => {
    const world = advanced();
    world.environment.spec.rollback.onFail = 'Hold';
    world.sample('Fail');
    for (let i = 0; i < 20; i += 1) play(world, 'Pass', 1);
    expect(world.reason).toBe('HeldByPerson');
    expect(world.effects.filter((e) => e === 'Advance')).toHaveLength(1);
    const at = Math.floor(world.now / 1000) * 1000;
    world.orders = [{ name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Resume', at, reason: undefined }];
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

describe('law 2: no data is not a pass, and not a fail', () => {
  test('without one conclusive answer it neither advances past the first pause nor reverts', () => {
    fc.assert(
      fc.property(eventsOf({ verdicts: ['Inconclusive', 'Error'], maxLength: 200 }), (events) => {
        const world = obeys(new World(), events);
        play(world, 'Error', 100);
        expect(world.effects).not.toContain('Advance');
        expect(world.effects).not.toContain('Abort');
        expect(world.effects).not.toContain('Restore');
        expect(world.ended).toBe(false);
        expect(world.model.rollout.status?.currentStepIndex === 4 || newPods(world) <= 1).toBe(true);
      }),
      runs,
    );
  });

  test('an outage pages when its deadline is past, and the promotion goes on by itself', () => {
    const world = analysing();
    play(world, 'Error', 10);
    const stalled = (): boolean =>
      world.promotion.status?.conditions?.some((c) => c.type === 'Stalled') ?? false;
    expect(world.reason).toBe('Holding');
    expect(stalled()).toBe(false);
    play(world, 'Error', 70);
    expect(world.reason).toBe('Holding');
    expect(stalled()).toBe(true);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

describe('laws 3, 4 and 7: a revert is never blocked, goes back to what was recorded, and survives every crash', () => {
  test('once it has failed it ends RolledBack with exactly the recorded template, whatever happened before', () => {
    fc.assert(
      fc.property(patience, anything, (patient, events) => {
        const world = obeys(new World({ patient }), events);
        const reverting = world.promotion.status?.revert !== undefined;
        play(world, 'Pass', 600);
        expect(world.ended).toBe(true);
        if (reverting) expect(world.reason).toBe('RolledBack');
        if (world.reason !== 'RolledBack') return;
        expect(declared(world)).toBe(world.template);
        expect(newPods(world)).toBe(0);
      }),
      runs,
    );
  });

  test('an abort that promoteFull would swallow is asserted again before the bad revision can become stable', () => {
    const world = aborted();
    const status = (): NonNullable<Rollout['status']> => world.model.rollout.status ?? {};
    const stable = status().stableRS;
    status().promoteFull = true;
    world.reconcile();
    expect(status().promoteFull).toBe(false);
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
    expect(status().stableRS).toBe(stable);
  });

  test('spec.paused, under which an aborted canary goes on serving, is ended', () => {
    const world = aborted();
    world.model.rollout.spec.paused = true;
    world.model.rollout.metadata.generation = (world.model.rollout.metadata.generation ?? 0) + 1;
    world.tick();
    world.reconcile();
    expect(world.effects.at(-1)).toBe('Unfreeze');
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
    expect(newPods(world)).toBe(0);
  });

  test('a freeze on the way forward is named, and it goes on by itself when that is over', () => {
    const world = analysing();
    world.model.rollout.spec.paused = true;
    play(world, 'Pass', 40);
    expect(world.reason).toBe('Holding');
    expect(world.promotion.status?.blockedBy?.[0]).toMatchObject({
      reason: 'Frozen',
      message: expect.stringContaining('spec.paused: take it away'),
    });
    world.model.rollout.spec.paused = false;
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });

  test('a template that the controller refuses is taken back without an abort, which would be lost', () => {
    const world = new World();
    world.model.refuse((template) => template?.spec?.containers?.[0]?.image === NEW);
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
    expect(world.effects).not.toContain('Abort');
    expect(world.promotion.status?.revert?.reason).toBe('rollout');
    expect(declared(world)).toBe(world.template);
  });

  test('a revert that cannot be proven pages as RollbackBlocked, goes on, and ends RolledBack when it can', () => {
    const world = aborted();
    for (let i = 0; i < 300; i += 1) {
      world.reconcile();
      world.now += 500;
    }
    expect(world.reason).toBe('RollbackBlocked');
    expect(world.ended).toBe(false);
    play(world, 'Pass');
    expect(world.reason).toBe('RolledBack');
  });
});

describe('a record that somebody deleted', () => {
  test('stops the promotion where it is and pages; nothing is taken for a stranger and nothing is written', () => {
    const world = analysing();
    world.recorded = undefined;
    const before = declared(world);
    const effects = world.effects.length;
    play(world, 'Pass', 50);
    expect(world.reason).toBe('Holding');
    expect(world.promotion.status?.conditions?.some((c) => c.type === 'Stalled')).toBe(true);
    expect(world.effects).toHaveLength(effects);
    expect(declared(world)).toBe(before);
  });

  test('a revert that needs it pages as RollbackBlocked', () => {
    const world = aborted();
    world.recorded = undefined;
    play(world, 'Pass', 5);
    expect(world.reason).toBe('RollbackBlocked');
    expect(world.ended).toBe(false);
  });
});

describe('strangers keep what is theirs', () => {
  test('another template ends it as StrangerRevision, and stays', () => {
    const world = analysing();
    edit(world, ({ spec }) => {
      if (spec.template?.spec?.containers?.[0]) spec.template.spec.containers[0].image = `${OLD}0`;
    });
    const theirs = declared(world);
    play(world, 'Pass');
    expect(world.reason).toBe('StrangerRevision');
    expect(declared(world)).toBe(theirs);
  });

  test('edited steps end it as StepsChanged', () => {
    const world = analysing();
    edit(world, ({ spec }) => spec.strategy?.canary?.steps?.push({ setWeight: 90 }));
    play(world, 'Pass');
    expect(world.reason).toBe('StepsChanged');
  });

  test('an advance past the gates ends it as ExternalPromotion', () => {
    const world = analysing();
    delete world.model.rollout.status?.pauseConditions;
    world.tick();
    play(world, 'Inconclusive');
    expect(world.reason).toBe('ExternalPromotion');
  });

  test('an abort by somebody else brings the recorded template back, without quarantine', () => {
    const world = analysing();
    if (world.model.rollout.status) world.model.rollout.status.abort = true;
    play(world, 'Pass');
    expect(world.reason).toBe('ExternalAbort');
    expect(declared(world)).toBe(world.template);
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
  });

  test('a Rollout made anew ends it as TargetReplaced', () => {
    const world = analysing();
    world.model.rollout.metadata.uid = 'another';
    play(world, 'Pass');
    expect(world.reason).toBe('TargetReplaced');
  });
});

describe('an advance that comes late', () => {
  test('after the one who sent it has died is no stranger, and what it leads to is judged', () => {
    const world = analysing();
    for (let n = 0; n < 4; n += 1) {
      world.now += 1500;
      world.sample('Pass');
    }
    world.reconcile('before effect');
    expect(world.promotion.status?.targets?.[0]?.state).toBe('Advancing');
    // The next one begins to judge anew; meanwhile what the dead one sent arrives.
    world.reconcile();
    const { rollout } = world.model;
    const status = rollout.status ?? {};
    delete status.pauseConditions;
    for (let n = 0; n < 20; n += 1) world.tick();
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});

describe('a cache that is behind', () => {
  test('shows a Rollout as it was before the images were written: nobody took them back', () => {
    const world = new World();
    const before = world.look();
    while (world.promotion.status?.targets?.[0]?.state !== 'Analysing') play(world, 'Pass', 1);
    world.restart();
    world.reconcile(undefined, before);
    expect(world.ended).toBe(false);
    play(world, 'Pass');
    expect(world.reason).toBe('Succeeded');
  });
});
