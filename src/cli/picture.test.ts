import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { inChain, pictureOf } from './picture.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const before = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const meta = (name: string): Environment['metadata'] => ({
  name,
  namespace: 'shop',
  uid: `${name}-uid`,
  resourceVersion: '1',
  creationTimestamp: before(600),
});

function environment(name: string, spec: object = {}, status: object = {}): Environment {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Environment',
    metadata: meta(name),
    spec: environmentSpec.parse({ targets: [{ name: 'checkout', rollout: { name: 'checkout' } }], ...spec }),
    status,
  };
}

/** Runs a revision that is good since some minutes ago. */
function good(letter: string, tag: string, minutes: number): object {
  const revision = {
    revisionDigest: digest(letter),
    images: [`ghcr.io/acme/checkout:${tag}@${digest(letter)}`],
    promotion: `checkout-${tag}`,
    since: before(minutes),
  };
  return {
    targets: [{ name: 'checkout', current: revision, lastGood: revision, steadySince: before(minutes) }],
  };
}

function promotion(name: string, reason: string, status: object = {}, succeeded = 'Unknown'): Promotion {
  const condition = {
    type: 'Succeeded',
    status: succeeded,
    reason,
    message: `${reason} it is`,
    lastTransitionTime: before(1),
  };
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: meta(name),
    spec: { environment: 'prod', revision: { images: [] } },
    status: { conditions: [condition], ...status } as NonNullable<Promotion['status']>,
  };
}

const STAGING = environment(
  'staging',
  { upstream: { environments: [{ name: 'dev', soakSeconds: 1800 }] } },
  good('b', '1.4.3', 12),
);
const PROD_SPEC = { upstream: { environments: [{ name: 'staging' }] }, autoPromote: 'WhenVerifiedUpstream' };
const drawn = (environments: Environment[], promotions: Promotion[] = []): string =>
  pictureOf({ environments, promotions, now: NOW, columns: 80 });

describe('a picture of a chain', () => {
  test('has each Environment after those that it takes from', () => {
    const prod = environment('a-prod', PROD_SPEC, {});
    expect(inChain([prod, STAGING, environment('dev')]).map((e) => e.metadata.name)).toEqual([
      'dev',
      'staging',
      'a-prod',
    ]);
  });

  test('of Environments that go round in circles has each of them once', () => {
    const a = environment('a', { upstream: { environments: [{ name: 'b' }] } });
    const b = environment('b', { upstream: { environments: [{ name: 'a' }] } });
    expect(inChain([a, b])).toEqual([a, b]);
  });

  test('says what runs, for how long it has been good, and what rises', () => {
    const flying = promotion('checkout-1.4.3-prod', 'Analysing', {
      plan: { targets: [] },
      summary: { revision: 'checkout:1.4.3' },
      targets: [{ name: 'checkout', state: 'Analysing', step: 2, steps: 4, weight: 60 }],
      blockedBy: [
        { reason: 'AwaitingApproval', message: '1 of 2 have approved', until: '2026-01-01T14:00:00Z' },
      ],
    });
    const picture = drawn(
      [
        environment('dev', {}, good('b', '1.4.3', 41)),
        STAGING,
        environment('prod', PROD_SPEC, good('a', '1.4.2', 300)),
      ],
      [flying],
    );
    expect(picture).toBe(`● dev
    checkout       checkout:1.4.3  good for 41m
● staging · after dev (soak 30m)
    checkout       checkout:1.4.3  good for 12m
◐ prod · after staging · auto
    checkout       checkout:1.4.2  good for 5h
                ─► checkout:1.4.3  ██████░░░░ 60 %  step 2 of 4  Analysing
    checkout-1.4.3-prod: Analysing: Analysing it is
      ↳ AwaitingApproval: 1 of 2 have approved (until 2026-01-01 14:00:00Z)
`);
  });

  test('shows what went wrong, until something else begins', () => {
    const failed = promotion('checkout-1.4.3-prod', 'RolledBack', { completedAt: before(5) }, 'False');
    const prod = environment(
      'prod',
      {},
      {
        ...good('a', '1.4.2', 300),
        quarantine: [
          {
            target: 'checkout',
            image: 'ghcr.io/acme/checkout',
            digest: digest('b'),
            reason: 'r',
            promotion: 'p',
            since: before(5),
          },
        ],
      },
    );
    expect(drawn([prod], [failed])).toBe(`✖ prod
    checkout       checkout:1.4.2  good for 5h
    checkout-1.4.3-prod: RolledBack 5m ago: RolledBack it is
    ! in quarantine: checkout@bbbbbbbbbbbb on checkout
`);
    expect(drawn([prod], [failed, promotion('next', 'Preflight')])).toContain('◐ prod');
  });

  test('shows a freeze, a closed window, drift, and emergencies that nobody has approved yet', () => {
    const prod = environment(
      'prod',
      {},
      {
        ...good('a', '1.4.2', 300),
        freeze: { reason: 'migration', until: '2026-01-01T16:00:00Z' },
        window: { open: false, reason: 'night', nextOpen: '2026-01-01T13:00:00Z' },
        followUps: [
          { promotion: 'fix', uid: 'u', by: 'bob', ticket: 'INC-1', dueAt: '2026-01-02T12:00:00Z' },
        ],
      },
    );
    prod.status?.targets?.forEach((t) => {
      t.drift = { expected: 'x:1', found: 'x:2', since: before(3) };
    });
    const picture = drawn([prod]);
    for (const said of [
      'FROZEN until 2026-01-01 16:00:00Z: migration',
      'window closed, opens in 60m',
      'drift on checkout for 3m: x:2 instead of x:1',
      'emergency fix (INC-1) waits',
    ])
      expect(picture.replaceAll(/\s+/g, ' ')).toContain(said);
  });

  test('of an Environment where nothing has ever come has an empty mark', () => {
    expect(drawn([environment('dev')])).toBe('○ dev\n    checkout       nothing yet\n');
  });

  test('keeps within the width, but for words that are longer', () => {
    const long = promotion('p', 'Preflight', {
      blockedBy: [{ reason: 'Query', message: 'word '.repeat(60).trim() }],
    });
    for (const line of drawn([environment('prod')], [long]).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });
});
