import { expect, test } from '@jest/globals';
import type { GateResult } from '../api/v1alpha1/types.ts';
import { MOST_RESULTS } from '../api/v1alpha1/promotion.ts';
import { PROMOTION_BOUNDS } from '../audit/trail.ts';
import type { Promotion } from '../api/v1alpha1/types.ts';
import type { Input, Order } from './input.ts';
import type { Outcome } from './outcome.ts';
import { significant, statusOf } from './status.ts';

/* What is worth a write, and fit to be shown. */

const gate: GateResult = {
  gate: 'compare',
  when: 'During',
  target: 'checkout',
  verdict: 'Inconclusive',
  since: '2026-01-01T00:00:00Z',
  message: 'm',
};

test('that a gate has begun to count is, once; how far it has come is not', () => {
  const begun = significant({ gates: [{ ...gate, state: '[1]' }] });
  expect(begun).not.toEqual(significant({ gates: [gate] }));
  expect(begun).toEqual(significant({ gates: [{ ...gate, state: '[1,2]', value: 3, message: 'n' }] }));
});

/** What a status is made of, with nothing that people have decided but these orders. */
const inputOf = (promotion: Promotion, orders: Order[]): Input =>
  ({
    promotion,
    orders,
    bypasses: [],
    approvals: [],
    freezes: [],
    gates: new Map(),
    now: 0,
  }) as unknown as Input;

/** A new line, the beginning of a colour, text that runs backwards, and half a character. */
const FORGED = 'no\nlevel=info msg="all is well" \u001b[31m\u009b2J\u202egood\u2028\u0000\ud800';

test('what others wrote is shown without what could forge a line of output', () => {
  const promotion = {
    metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { environment: 'prod', revision: { images: [{ image: 'app', tag: 'v2' }] } },
  } as Promotion;
  const order: Order = { name: 'd', uid: 'o', by: FORGED, verdict: 'Hold', at: 0, reason: FORGED };
  const input = inputOf(promotion, [order]);
  const outcome: Outcome = {
    reason: 'Reverting',
    message: FORGED,
    blockedBy: [{ reason: 'Busy', message: FORGED }],
    warnings: [FORGED],
    revert: { reason: 'rollout', message: FORGED, quarantine: false, detectedAt: '' },
  };
  const status = statusOf(input, outcome);
  expect(status.conditions).not.toEqual([]);
  expect(JSON.stringify(status)).toContain('all is well');
  for (const text of textsOf(status)) expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
});

test('a dry run has not begun, and leaves nothing to record in the history of its Environment', () => {
  const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const spec = { environment: 'prod', dryRun: true, revision: { images: [{ image: 'app', tag: 'v2' }] } };
  const plan = { version: 1, hash: 'h', gates: [], bakeSeconds: 0, targets: [] };
  const input = inputOf({ metadata, spec } as unknown as Promotion, []);
  const status = statusOf(input, { reason: 'Planned', message: '', plan });
  expect(status.plan).toBeDefined();
  expect(status.completedAt).toBeDefined();
  expect(status.startedAt).toBeUndefined();
});

const text = (length: number): string => 'x'.repeat(length);

const result = (i: number): GateResult => ({
  ...gate,
  target: `target-${i}`,
  query: text(4608),
  message: text(512),
  threshold: text(512),
  state: text(512),
  recent: Array.from({ length: 5 }, () => ({ at: text(24), verdict: 'Pass', value: 0.123456789 })),
});

test('a status with as many results as there may be fits into an object, and says of each what was asked', () => {
  const promotion = {
    metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { environment: 'prod', revision: { images: [{ image: 'app', tag: 'v2' }] } },
  } as Promotion;
  const input = inputOf(promotion, []);
  const many = Array.from({ length: MOST_RESULTS }, (_, i) => result(i));
  const sizeOf = (results: GateResult[]): number =>
    JSON.stringify(statusOf(input, { reason: 'Analysing', message: '', results })).length;
  // The API server stores 1.5 MiB, its own bookkeeping included; the trail has its share of it.
  expect(sizeOf(many) + PROMOTION_BOUNDS.bytes).toBeLessThan(1.3 * 1024 * 1024);
  const status = statusOf(input, { reason: 'Analysing', message: '', results: many });
  expect(status.gates?.every(({ query = '' }) => query.length >= 512)).toBe(true);
  const [few] = statusOf(input, { reason: 'Analysing', message: '', results: [result(0)] }).gates ?? [];
  expect(few?.query).toHaveLength(4608);
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
