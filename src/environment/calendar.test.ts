import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Environment } from '../api/v1alpha1/types.ts';
import { freezeOf, type FreezeOrder } from './calendar.ts';

/* Freezes: by the Environment itself and by persons, several at a time. */

const DAY = 24 * 3600 * 1000;
let made = 0;
const order = (verdict: FreezeOrder['verdict'], until: number, by: string): FreezeOrder => {
  made += 1;
  return { name: `d${made}`, uid: `d${made}`, by, verdict, at: made * 1000, until, reason: by };
};

function place(freeze?: object): Environment {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: {
      name: 'prod',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: environmentSpec.parse({
      targets: [{ name: 'a', rollout: { name: 'a' } }],
      ...(freeze && { freeze }),
    }),
  };
}

describe('of several freezes', () => {
  const long = order('Freeze', 20 * DAY, 'year end');
  const short = order('Freeze', DAY, 'incident');

  test('the one that lasts longest is in force, whichever came last', () => {
    expect(freezeOf(place(), [long, short], 0)).toMatchObject({ by: 'year end', until: 20 * DAY });
    expect(freezeOf(place(), [short, long], 0)).toMatchObject({ by: 'year end' });
  });

  test('a shorter one that is over leaves the longer one', () => {
    expect(freezeOf(place(), [long, short], 2 * DAY)).toMatchObject({ by: 'year end' });
    expect(freezeOf(place(), [short], 2 * DAY)).toBeUndefined();
  });

  test('a Thaw ends all that came before it, and none that comes after', () => {
    const thaw = order('Thaw', 0, 'bob');
    const again = order('Freeze', 3 * DAY, 'again');
    expect(freezeOf(place(), [long, short, thaw], 0)).toBeUndefined();
    expect(freezeOf(place(), [long, thaw, again], 0)).toMatchObject({ by: 'again' });
  });

  test('one that the Environment declares outlasts a Thaw, and without an end it is the longest', () => {
    const thaw = order('Thaw', 0, 'bob');
    expect(freezeOf(place({ reason: 'audit' }), [long, thaw], 0)).toEqual({ reason: 'audit' });
    expect(freezeOf(place({ reason: 'audit' }), [long], 0)).toEqual({ reason: 'audit' });
  });
});
