import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../../runtime/hash.ts';
import { play } from '../testing/play.ts';
import { NEW, OLD, World } from '../testing/world.ts';

/*
 * Someone else declares the failed revision each time the recorded template is put back (Argo CD's
 * self-heal). Law 5: Sluice does not fight. The views and patches are the real ones.
 */

const declared = (world: World): string => canonicalJson(world.model.rollout.spec.template);
const status = (world: World) => world.promotion.status ?? {};
const restores = (world: World): number => world.effects.filter((e) => e === 'Restore').length;
const newPods = (world: World): number =>
  [...world.model.pods.values()]
    .filter((p) => p.template?.spec?.containers?.[0]?.image === NEW)
    .reduce((sum, p) => sum + p.replicas, 0);

/** What "Git" says of the image is applied; nothing happens when it is declared already. */
function selfHeal(world: World, image: string): void {
  const { spec, metadata } = world.model.rollout;
  const [container] = spec.template?.spec?.containers ?? [];
  if (!container || container.image === image) return;
  container.image = image;
  metadata.generation = (metadata.generation ?? 0) + 1;
}

/** In mid-canary, or fully promoted, when the gate fails. */
function failed(state: 'Analysing' | 'Baking'): World {
  const world = new World();
  for (let i = 0; i < 200 && status(world).targets?.[0]?.state !== state; i += 1) play(world, 'Pass', 1);
  world.sample('Fail');
  world.reconcile();
  expect(status(world).revert).toBeDefined();
  return world;
}

/** The plan as it is latched for a Rollout that someone else declares and has granted its images of. */
function granted(world: World): World {
  const [planned] = status(world).plan?.targets ?? [];
  if (planned) planned.rollout.writes = 'Images';
  return world;
}

describe('someone undoes the revert again and again', () => {
  test('after the second time the canary is kept aborted, and a person is asked to change it in Git', () => {
    const world = failed('Analysing');
    play(world, 'Pass', 200, () => selfHeal(world, NEW));
    expect(world.reason).toBe('RevertPendingIntent');
    expect(restores(world)).toBe(2);
    expect(status(world).targets?.[0]?.restores).toBe(2);
    expect(declared(world)).not.toBe(world.template);
    expect(world.model.rollout.status?.abort).toBe(true);
    expect(newPods(world)).toBe(0);
    const says = status(world).conditions?.[0]?.message ?? '';
    expect(says).toContain(`set container app to ${OLD} where it is declared (in Git)`);
    expect(status(world).blockedBy?.[0]?.reason).toBe('Intent');
    expect(status(world).revert?.trafficRestoredAt).toBeDefined();
    expect(status(world).revert?.intentRestoredAt).toBeUndefined();
  });

  test('the abort is asserted again whoever takes it off', () => {
    const world = failed('Analysing');
    play(world, 'Pass', 200, () => selfHeal(world, NEW));
    for (const take of [{ abort: false }, { promoteFull: true }]) {
      Object.assign(world.model.rollout.status ?? {}, take);
      world.reconcile();
      expect(world.model.rollout.status).toMatchObject({ abort: true, promoteFull: false });
    }
    expect(restores(world)).toBe(2);
  });

  test('corrected in Git it ends RolledBack, with the recorded template in force', () => {
    const world = failed('Analysing');
    play(world, 'Pass', 200, () => selfHeal(world, NEW));
    play(world, 'Pass', 200, () => selfHeal(world, OLD));
    expect(world.reason).toBe('RolledBack');
    expect(declared(world)).toBe(world.template);
    expect(newPods(world)).toBe(0);
    expect(restores(world)).toBe(2);
    expect(status(world).revert?.intentRestoredAt).toBeDefined();
  });

  test('another revision in Git is a stranger, and stays', () => {
    const world = failed('Analysing');
    play(world, 'Pass', 200, () => selfHeal(world, NEW));
    selfHeal(world, `${OLD}0`);
    play(world, 'Pass', 20);
    expect(world.reason).toBe('StrangerRevision');
    expect(world.model.rollout.spec.template?.spec?.containers?.[0]?.image).toBe(`${OLD}0`);
  });

  test('after full promotion the same holds', () => {
    const world = granted(failed('Baking'));
    play(world, 'Pass', 300, () => selfHeal(world, NEW));
    expect(restores(world)).toBe(2);
    expect(['RevertPendingIntent', 'RollbackBlocked']).toContain(world.reason);
    play(world, 'Pass', 300, () => selfHeal(world, OLD));
    expect(world.reason).toBe('RolledBack');
    expect(declared(world)).toBe(world.template);
    expect(newPods(world)).toBe(0);
  });

  test('quiet: nothing is written while nothing changes', () => {
    const world = failed('Analysing');
    play(world, 'Pass', 300, () => selfHeal(world, NEW));
    const { writes } = world;
    play(world, 'Pass', 100, () => selfHeal(world, NEW));
    expect(world.writes).toBe(writes);
    expect(world.ended).toBe(false);
  });
});

describe('a Rollout whose other fields someone else declares', () => {
  test('is back only once the recorded template has stood for a while: self-heal comes after the proof', () => {
    const world = granted(failed('Analysing'));
    play(world, 'Pass', 20);
    expect(world.reason).toBe('Reverting');
    expect(status(world).revert?.intentRestoredAt).toBeDefined();
    expect(newPods(world)).toBe(0);
    selfHeal(world, NEW);
    play(world, 'Pass', 1);
    expect(status(world).revert?.intentRestoredAt).toBeUndefined();
    play(world, 'Pass', 100);
    expect(world.reason).toBe('RolledBack');
    expect(restores(world)).toBe(2);
    expect(declared(world)).toBe(world.template);
  });

  test('and is not blocked meanwhile, however late it is', () => {
    const world = granted(failed('Analysing'));
    world.environment.spec.rollback.deadlineSeconds = 1;
    const reasons = new Set<string>();
    for (let i = 0; i < 100 && !world.ended; i += 1) {
      play(world, 'Pass', 1);
      if (status(world).revert?.intentRestoredAt) reasons.add(world.reason);
    }
    expect([...reasons]).toEqual(['Reverting', 'RolledBack']);
  });
});

type Event =
  | { do: 'reconcile'; crash?: 'before status' | 'before effect' | 'after effect' }
  | { do: 'tick' | 'self-heal' | 'environment' }
  | { do: 'wait' };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Event>({ do: 'reconcile' }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('before status' as const, 'before effect' as const, 'after effect' as const)
      .map((crash): Event => ({ do: 'reconcile', crash })),
  },
  { weight: 6, arbitrary: fc.constant<Event>({ do: 'tick' }) },
  { weight: 1, arbitrary: fc.constant<Event>({ do: 'self-heal' }) },
  { weight: 1, arbitrary: fc.constant<Event>({ do: 'environment' }) },
  { weight: 2, arbitrary: fc.constant<Event>({ do: 'wait' }) },
);

describe('whatever order, and crashes at every write', () => {
  test('a crash is never taken for a fight, a fight ends in a question, and the answer ends it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Analysing' as const, 'Baking' as const),
        fc.boolean(),
        fc.array(event, { maxLength: 150 }),
        (state, managed, events) => {
          const world = managed ? granted(failed(state)) : failed(state);
          let before = declared(world);
          let written = before === world.template ? 1 : 0;
          for (const e of events) {
            if (world.ended) break;
            if (e.do === 'reconcile') world.reconcile(e.crash);
            else if (e.do === 'tick') world.tick();
            else if (e.do === 'self-heal') selfHeal(world, NEW);
            else if (e.do === 'environment') world.environmentTick();
            else world.now += 1500;
            if (declared(world) === world.template && before !== world.template) written += 1;
            before = declared(world);
            // A restore that nobody lived to see declared counts for nothing; the others at most twice.
            const seen = status(world).targets?.[0]?.restores ?? 0;
            expect(seen).toBeLessThanOrEqual(2);
            expect(written).toBeGreaterThanOrEqual(seen);
            if (world.reason === 'RevertPendingIntent') expect(seen).toBe(2);
          }
          const asked = world.reason === 'RevertPendingIntent';
          selfHeal(world, OLD);
          play(world, 'Pass', 400, () => {
            if (asked) selfHeal(world, OLD);
          });
          expect(world.reason).toBe('RolledBack');
          expect(declared(world)).toBe(world.template);
          expect(newPods(world)).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});
