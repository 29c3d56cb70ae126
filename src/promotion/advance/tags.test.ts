import { describe, expect, test } from '@jest/globals';
import { World } from '../testing/world.ts';

/* A tag without a digest: what it names is read from the pods, at each step, before anything goes on. */

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

function tagged(): World {
  const world = new World();
  world.promotion.spec.revision = { images: [{ image: 'ghcr.io/acme/checkout', tag: '2' }] };
  return world;
}

function play(world: World, rounds = 300, until = (): boolean => false): void {
  for (let round = 0; round < rounds && !world.ended && !until(); round += 1) {
    world.reconcile();
    world.tick();
    world.sample('Pass');
    world.environmentTick();
    world.now += 500;
  }
}

describe('a tag', () => {
  test('goes on from no step before the pods have said what it is, and ends on record with the digest', () => {
    const world = tagged();
    play(world, 100);
    expect(world.effects).not.toContain('Advance');
    expect(world.promotion.status?.conditions?.[0]?.message).toContain('waits until the pods say');
    world.digests = { app: [A] };
    play(world);
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.revision?.images).toEqual([
      { image: 'ghcr.io/acme/checkout', tag: '2', digest: A },
    ]);
    expect(world.environment.status?.targets?.[0]?.lastGood?.images).toEqual([
      `ghcr.io/acme/checkout:2@${A}`,
    ]);
  });

  test.each([
    ['that names two images at once', { app: [A, B] }, undefined],
    ['that moves between two steps', { app: [A] }, { app: [B] }],
  ])('%s goes back, without quarantine', (_, first, later) => {
    const world = tagged();
    world.digests = first;
    play(world, 200, () => world.effects.includes('Advance'));
    if (later) world.digests = later;
    play(world);
    expect(world.reason).toBe('RolledBack');
    expect(world.promotion.status?.revert?.message).toContain('names two images');
    expect(world.environment.status?.quarantine ?? []).toEqual([]);
  });

  test('that turns out to be a digest in quarantine is refused', () => {
    const world = tagged();
    world.digests = { app: [A] };
    const entry = { target: 'checkout', image: 'ghcr.io/acme/checkout', digest: A };
    world.environment.status = { quarantine: [{ ...entry, reason: 'r', promotion: 'one', since: 't' }] };
    play(world);
    expect(world.reason).toBe('Quarantined');
    expect(world.effects).toContain('Abort');
  });
});
