import { describe, expect, test } from '@jest/globals';
import type { Obstacle } from '../../delivery/delivery.ts';
import { decide } from '../decide.ts';
import type { Input } from '../input.ts';
import { World } from '../testing/world.ts';

/** The first look at a Rollout on which these obstacles stand, the first of them as ownership says it. */
function meeting(...obstacles: Obstacle[]): Input {
  const input = new World().input();
  for (const { observation } of input.subjects) {
    if (!observation.found) continue;
    // The Rollout runs another image: that must not be told either.
    Object.assign(observation.view, { obstacles });
    if (obstacles[0]?.kind === 'Grant')
      Object.assign(observation.view, { containers: [{ name: 'app', image: 'secret/thing:1' }] });
  }
  return input;
}
const reasonOf = ({ status }: ReturnType<typeof decide>): string | undefined =>
  status.conditions?.find((c) => c.type === 'Succeeded')?.reason;

describe('before anything is changed', () => {
  test('a Rollout that someone else declares ends it, for good and with what to do', () => {
    const decision = decide(meeting({ kind: 'Ownership', message: 'declared by Argo CD: set it' }));
    expect(reasonOf(decision)).toBe('OwnershipConflict');
    expect(decision.status.completedAt).toBeDefined();
    expect(decision.status.conditions?.[0]?.message).toBe('declared by Argo CD: set it');
    expect(decision.effects).toEqual([]);
    expect(decision.probes).toEqual([]);
  });

  test('a Rollout of another namespace that does not allow it is waited for, and nothing is told of it', () => {
    const decision = decide(meeting({ kind: 'Grant', message: 'its owner adds `shop/prod`' }));
    expect(reasonOf(decision)).toBe('Preflight');
    expect(decision.status.blockedBy).toEqual([{ reason: 'Grant', message: 'its owner adds `shop/prod`' }]);
    expect(JSON.stringify(decision.status)).not.toContain('secret');
    expect(decision.effects).toEqual([]);
    expect(decision.probes).toEqual([]);
    expect(decision.wakeAt).toBeDefined();
  });

  test('what was granted is latched with the plan', () => {
    const world = new World();
    for (let i = 0; i < 4; i += 1) {
      world.reconcile();
      world.sample('Pass');
    }
    const [planned] = world.promotion.status?.plan?.targets ?? [];
    expect(planned?.rollout).toEqual({ name: 'checkout', uid: 'checkout-rollout-uid' });
    const granted = new World();
    granted.reconcile();
    granted.sample('Pass');
    granted.promotion.metadata.finalizers = ['sluice.dev/revert'];
    const input = granted.input();
    const [subject] = input.subjects;
    if (subject?.observation.found) subject.observation.view.writes = 'Images';
    if (subject) subject.target.rollout.namespace = 'edge';
    expect(decide(input).status.plan?.targets[0]?.rollout).toEqual({
      name: 'checkout',
      namespace: 'edge',
      uid: 'checkout-rollout-uid',
      writes: 'Images',
    });
  });
});

describe('a target that the operator does not look at', () => {
  const away = { found: false as const, message: 'add edge to its --namespaces', outOfReach: true as const };
  const withoutIt = (world: World): Input => {
    const input = world.input();
    return {
      ...input,
      subjects: input.subjects.map((s) => ({ ...s, observation: away, recorded: undefined })),
    };
  };

  test('is waited for, with what to change', () => {
    const decision = decide(withoutIt(new World()));
    expect(reasonOf(decision)).toBe('AwaitingReference');
    expect(decision.status.conditions?.[0]?.message).toBe(away.message);
  });

  test('ends nothing that is in flight: it pages and stands where it stands', () => {
    const world = new World();
    for (let i = 0; i < 30; i += 1) {
      world.reconcile();
      world.tick();
      world.sample('Pass');
      world.now += 500;
    }
    expect(world.promotion.status?.plan).toBeDefined();
    const decision = decide(withoutIt(world));
    expect(reasonOf(decision)).toBe('Holding');
    expect(decision.status.conditions?.some((c) => c.type === 'Stalled')).toBe(true);
    expect(decision.effects).toEqual([]);
    expect(decision.status.targets).toEqual(world.promotion.status?.targets);
  });
});
