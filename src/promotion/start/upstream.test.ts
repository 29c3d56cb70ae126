import { describe, expect, test } from '@jest/globals';
import { findCondition } from '../../api/v1alpha1/conditions.ts';
import type { Environment, EnvironmentStatus } from '../../api/v1alpha1/types.ts';
import { toTime } from '../../runtime/time.ts';
import { DIGEST, World } from '../testing/world.ts';

/* A chain: what has to be good elsewhere before it may come here. */

const START = Date.parse('2026-01-01T00:00:00Z');
const OTHER = `sha256:${'e'.repeat(64)}`;

type Target = NonNullable<EnvironmentStatus['targets']>[number];

/** An Environment upstream on whose one target this digest is good. */
function place(name: string, digest: string | undefined, more: Partial<Target> = {}): Environment {
  const { environment } = new World();
  const lastGood = digest && {
    revisionDigest: DIGEST,
    images: [`mirror.example/checkout@${digest}`],
    promotion: 'one',
    since: toTime(START),
  };
  return {
    ...environment,
    metadata: { ...environment.metadata, name },
    status: {
      targets: [{ name: 'checkout', ...(lastGood && { lastGood, steadySince: toTime(START) }), ...more }],
    },
  };
}

function chain(require: 'All' | 'Any', soakSeconds: Record<string, number>): World {
  const environments = Object.entries(soakSeconds).map(([name, seconds]) => ({ name, soakSeconds: seconds }));
  return new World({ environment: { upstream: { require, environments } } });
}

function play(world: World, rounds = 300): void {
  for (let round = 0; round < rounds && !world.ended; round += 1) {
    world.reconcile();
    world.tick();
    world.sample('Pass');
    world.environmentTick();
    world.now += 500;
  }
}

const said = (world: World): string => findCondition(world.promotion, 'Succeeded')?.message ?? '';

describe('a revision that has to be good upstream', () => {
  test.each<[string, Environment | undefined, string, string]>([
    [
      'no such place',
      undefined,
      'AwaitingReference',
      'Environment staging, which is upstream, does not exist: apply it',
    ],
    ['nothing good there', place('staging', undefined), 'AwaitingUpstream', 'promote it there first'],
    [
      'another digest is',
      place('staging', OTHER),
      'AwaitingUpstream',
      'is not good in Environment staging yet',
    ],
    [
      'it has drifted',
      place('staging', DIGEST, { drift: { expected: 'a', found: 'b', since: toTime(START) } }),
      'AwaitingUpstream',
      'target checkout of Environment staging has drifted',
    ],
    [
      'something newer goes back there',
      place('staging', DIGEST, { steadySince: undefined }),
      'AwaitingUpstream',
      'something newer is on its way back on target checkout of Environment staging',
    ],
  ])('waits: %s', (_, upstream, reason, message) => {
    const world = chain('All', { staging: 0 });
    if (upstream) world.upstreams.set('staging', upstream);
    play(world, 10);
    expect(world.reason).toBe(reason);
    expect(said(world)).toContain(message);
    // What is missing is a reference, and no digest.
    const blocker = reason === 'AwaitingReference' ? 'Reference' : 'Upstream';
    expect(world.promotion.status?.blockedBy?.[0]?.reason).toBe(blocker);
    expect(world.effects).toEqual([]);
  });

  test('begins where it is good, whatever registry it came from', () => {
    const world = chain('All', { staging: 0 });
    world.upstreams.set('staging', place('staging', DIGEST));
    play(world);
    expect(world.reason).toBe('Succeeded');
  });

  test('soaks first, says until when, and wakes exactly then', () => {
    const world = chain('All', { staging: 60 });
    world.upstreams.set('staging', place('staging', DIGEST));
    expect(world.reconcile().wakeAt).toBe(START + 60_000);
    expect(world.reason).toBe('Soaking');
    expect(world.promotion.status?.blockedBy?.[0]).toMatchObject({
      reason: 'Soak',
      until: toTime(START + 60_000),
    });
    world.now = START + 59_000;
    world.reconcile();
    expect(world.reason).toBe('Soaking');
    world.now = START + 60_000;
    play(world);
    expect(world.reason).toBe('Succeeded');
  });

  test('the soak begins anew where it was disturbed', () => {
    const world = chain('All', { staging: 60 });
    world.upstreams.set('staging', place('staging', DIGEST, { steadySince: toTime(START + 30_000) }));
    world.now = START + 60_000;
    world.reconcile();
    expect(world.reason).toBe('Soaking');
    expect(world.promotion.status?.blockedBy?.[0]?.until).toBe(toTime(START + 90_000));
  });

  test('All: in each of them; the longest soak is waited for', () => {
    const world = chain('All', { east: 10, west: 20 });
    world.upstreams.set('east', place('east', DIGEST));
    play(world, 1);
    expect(world.reason).toBe('AwaitingReference');
    world.upstreams.set('west', place('west', DIGEST));
    expect(world.reconcile().wakeAt).toBe(START + 20_000);
  });

  test('Any: in one of them; the shortest soak is waited for', () => {
    const world = chain('Any', { east: 10, west: 20 });
    world.upstreams.set('east', place('east', undefined));
    world.upstreams.set('west', place('west', DIGEST));
    expect(world.reconcile().wakeAt).toBe(START + 20_000);
    expect(world.reason).toBe('Soaking');
    world.upstreams.set('east', place('east', DIGEST));
    expect(world.reconcile().wakeAt).toBe(START + 10_000);
  });

  test('a tag is verified nowhere', () => {
    const world = chain('All', { staging: 0 });
    world.promotion.spec.revision = { images: [{ image: 'ghcr.io/acme/checkout', tag: '2' }] };
    play(world, 3);
    expect(world.reason).toBe('AwaitingReference');
    expect(said(world)).toContain('add the digest in a new Promotion');
    expect(world.promotion.status?.blockedBy?.[0]?.reason).toBe('Digest');
  });

  test('a hotfix of a person skips it where the Environment lets it, on the record', () => {
    const world = chain('All', { staging: 60 });
    world.environment.spec.emergency = { maySkip: ['Upstream'], followUpSeconds: 60 };
    const emergency = { ticket: 'INC-7', justification: 'the shop is down' };
    Object.assign(world.promotion.spec, { changeType: 'Emergency', emergency });
    world.requester = 'alice';
    play(world);
    expect(world.reason).toBe('Succeeded');
    expect(world.promotion.status?.bypassed).toMatchObject([{ what: 'Upstream', by: 'alice' }]);
  });

  test('a Bypass of the soak is none of the rest', () => {
    const world = chain('All', { staging: 60 });
    const one = { name: 'b', uid: 'b', by: 'bob', verdict: 'Bypass', gate: undefined, at: START } as const;
    world.bypasses = [{ ...one, constraint: 'Soak', ticket: 'INC-7', reason: 'the shop is down' }];
    world.upstreams.set('staging', place('staging', undefined));
    play(world, 3);
    expect(world.reason).toBe('AwaitingUpstream');
    world.upstreams.set('staging', place('staging', DIGEST));
    play(world);
    expect(world.reason).toBe('Succeeded');
  });
});
