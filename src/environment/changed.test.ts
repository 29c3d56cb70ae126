import { describe, expect, test } from '@jest/globals';
import { environmentSpec } from '../api/v1alpha1/environment.ts';
import type { Environment, EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { changedAt, changeKnownTo } from './changed.ts';

const digest = (n: number): string => `sha256:${String(n).repeat(64)}`;
const meta = (name: string) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-01-10T00:00:00Z',
});
const place = (status: EnvironmentStatus = {}): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: meta('place'),
  spec: environmentSpec.parse({ targets: [{ name: 'app', rollout: { name: 'app' } }] }),
  status,
});
const promotion = (annotation?: string, status: Promotion['status'] = {}): Promotion => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Promotion',
  metadata: {
    ...meta('one'),
    ...(annotation !== undefined && { annotations: { 'sluice.dev/committed-at': annotation } }),
  },
  spec: { environment: 'place', revision: { images: [{ image: 'a', digest: digest(1) }] } },
  status,
});
/** A place where promotions of these digests have ended. */
const having = (...known: [at: string, ...digests: number[]][]): Environment =>
  place({
    history: known.map(([at, ...digests]) => ({
      promotion: 'p',
      target: 'app',
      outcome: 'Succeeded',
      images: digests.map((n) => `elsewhere/a@${digest(n)}`),
      changedAt: `${at}T00:00:00.000Z`,
      completedAt: `${at}T01:00:00.000Z`,
    })),
  });
const upstream = (environment: Environment): ReadonlyMap<string, Environment> =>
  new Map([['staging', environment]]);

describe('when a change was made', () => {
  const chain = { environment: place(), upstreams: upstream(having(['2026-01-03', 1], ['2026-01-02', 1])) };

  test.each([
    ['as the promotion says', chain, promotion('2026-01-01T12:00:00+02:00'), '2026-01-01T10:00:00.000Z'],
    [
      'as it has taken it over from another Environment',
      chain,
      promotion(undefined, { changedAt: '2025-12-31T00:00:00.000Z' }),
      '2025-12-31T00:00:00.000Z',
    ],
    ['the first that is known of it upstream', chain, promotion(), '2026-01-02T00:00:00.000Z'],
    [
      'the first that is known of it here, as of what a rollback brings back',
      { environment: having(['2026-01-04', 1]), upstreams: new Map() },
      promotion(),
      '2026-01-04T00:00:00.000Z',
    ],
    [
      'its creation where nobody knows of it',
      { environment: place(), upstreams: upstream(having(['2026-01-03', 2])) },
      promotion(),
      '2026-01-10T00:00:00.000Z',
    ],
    [
      'not as it says where that lies ahead',
      chain,
      promotion('2026-01-11T00:00:00Z'),
      '2026-01-02T00:00:00.000Z',
    ],
    ['not as it says where that is no RFC 3339', chain, promotion('2026-01-01'), '2026-01-02T00:00:00.000Z'],
  ])('is %s', (_, world, one, at) => {
    expect(changedAt(world, one)).toBe(at);
  });

  test('of several images is when the youngest was changed, and unknown where one of them is new', () => {
    const places = [having(['2026-01-05', 1, 2], ['2026-01-03', 1])];
    const images = [{ digest: digest(1) }, { digest: digest(2) }];
    expect(changeKnownTo(places, images)).toBe(Date.parse('2026-01-05T00:00:00Z'));
    expect(changeKnownTo(places, [{ digest: digest(1) }])).toBe(Date.parse('2026-01-03T00:00:00Z'));
    expect(changeKnownTo(places, [...images, { digest: digest(3) }])).toBeUndefined();
    expect(changeKnownTo(places, [{}])).toBeUndefined();
  });
});
