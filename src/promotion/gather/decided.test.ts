import { expect, test } from '@jest/globals';
import { parseEnvironment, parsePromotion, type RawObject } from '../../api/v1alpha1/parse.ts';
import { freezeOf } from '../../environment/calendar.ts';
import { BY_PROMOTION } from '../indexes.ts';
import { heldBy } from '../orders.ts';
import { decidedOn, needsStanding } from './decided.ts';
import type { Sources } from './sources.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const AT = '2026-05-01T11:00:00Z';
const used = { name: 'd', uid: 'd-1', by: 'bob', at: AT };

/** What is decided where no Decision is to be seen, by what promotion and Environment have on record. */
function remembered({ promotion = [], environment = [] }: { promotion?: object[]; environment?: object[] }): {
  isHeld: boolean;
  isFrozen: boolean;
} {
  const metadata = { namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: AT };
  const kind = { apiVersion: 'sluice.dev/v1alpha1', metadata };
  const raw = (name: string, spec: object, decisions: object[]): RawObject => ({
    ...kind,
    kind: name,
    metadata: { ...metadata, name: name.toLowerCase() },
    spec,
    status: { decisions },
  });
  const image = { image: 'registry.test/app', tag: 'v2', digest: `sha256:${'0'.repeat(64)}` };
  const order = { environment: 'environment', revision: { images: [image] } };
  const place = { targets: [{ name: 'app', rollout: { name: 'app' } }] };
  const p = parsePromotion(raw('Promotion', order, promotion));
  const e = parseEnvironment(raw('Environment', place, environment));
  if (!p.ok || !e.ok) throw new Error('not readable');
  // A cache that is behind has none of them; nothing else is asked of.
  const sources = { decisions: { byIndex: () => [] } } as unknown as Sources;
  const { orders, freezes } = decidedOn(sources, p.object, e.object, undefined);
  return {
    isHeld: heldBy({ orders }) !== undefined,
    isFrozen: freezeOf(e.object, freezes, NOW) !== undefined,
  };
}

test('a Hold that was used stays in force until a Resume, whether its Decision is to be seen or not', () => {
  const hold = { ...used, verdict: 'Hold' };
  const resume = { ...used, uid: 'd-2', verdict: 'Resume', at: '2026-05-01T11:30:00Z' };
  expect(remembered({ promotion: [hold] }).isHeld).toBe(true);
  expect(remembered({ promotion: [hold, resume] }).isHeld).toBe(false);
});

test('a Freeze that was used stays in force until its end or a Thaw, whether its Decision is to be seen or not', () => {
  const freeze = { ...used, verdict: 'Freeze', until: '2026-05-01T13:00:00Z' };
  const thaw = { ...used, uid: 'd-2', verdict: 'Thaw', at: '2026-05-01T11:30:00Z' };
  expect(remembered({ environment: [freeze] }).isFrozen).toBe(true);
  expect(remembered({ environment: [freeze, thaw] }).isFrozen).toBe(false);
  expect(remembered({ environment: [{ ...freeze, until: '2026-05-01T11:59:59Z' }] }).isFrozen).toBe(false);
  // As an operator wrote it that kept no end: it says nothing of now.
  expect(remembered({ environment: [{ ...used, verdict: 'Freeze' }] }).isFrozen).toBe(false);
});

const condition = (status: 'True' | 'False', reason: string) => ({
  status: { conditions: [{ type: 'Accepted', status, reason, message: 'm', lastTransitionTime: AT }] },
});

/** What is decided on a promotion by these Decisions; authors are proven since `since`. */
function decidedBy(
  decisions: { spec: object }[],
  { used: onRecord = [], since = 0, place = [] }: { used?: object[]; since?: number; place?: object[] } = {},
) {
  const metadata = { namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: AT };
  const kind = { apiVersion: 'sluice.dev/v1alpha1' };
  const image = { image: 'registry.test/app', tag: 'v2', digest: `sha256:${'0'.repeat(64)}` };
  const p = parsePromotion({
    ...kind,
    kind: 'Promotion',
    metadata: { ...metadata, name: 'p' },
    spec: { environment: 'prod', revision: { images: [image] } },
    status: { decisions: onRecord },
  });
  const e = parseEnvironment({
    ...kind,
    kind: 'Environment',
    metadata: { ...metadata, name: 'prod' },
    spec: { targets: [{ name: 'app', rollout: { name: 'app' } }] },
    status: { decisions: place },
  });
  if (!p.ok || !e.ok) throw new Error('not readable');
  const raws = decisions.map((d, n) => ({
    ...kind,
    kind: 'Decision',
    metadata: { ...metadata, name: `d-${n + 1}`, uid: `d-${n + 1}` },
    ...d,
  }));
  const byIndex = (index: string): object[] =>
    raws.filter((d) => 'promotion' in (d as { spec: object }).spec === (index === BY_PROMOTION));
  const sources = {
    decisions: { byIndex },
    environments: { get: () => undefined },
    gates: { get: () => undefined },
    now: () => NOW,
  } as unknown as Sources;
  return {
    ...decidedOn(sources, p.object, e.object, { trusted: true, since }),
    asks: needsStanding(sources, p.object),
  };
}

const on = { by: 'bob', environment: 'prod', promotion: { name: 'p', uid: 'u' } };
const abort = { spec: { ...on, verdict: 'Abort' } };
const reject = { spec: { ...on, verdict: 'Reject', gate: 'docs-ok' } };
const bypass = {
  spec: { ...on, verdict: 'Bypass', constraint: 'Freeze', ticket: 'INC-7', reason: 'the shop is down' },
};
const froze = (until: string) => ({
  spec: { by: 'bob', environment: 'prod', verdict: 'Freeze', until, reason: 'r' },
});
const LATER = '2026-05-02T00:00:00Z';

test('what was refused once is not used later, when it happens to be possible', () => {
  const { orders, approvals, bypasses, freezes, distrusted, asks } = decidedBy(
    [
      { ...abort, ...condition('False', 'WrongUID') },
      { ...reject, ...condition('False', 'WrongGate') },
      { ...bypass, ...condition('False', 'WrongGate') },
      { ...froze(LATER), ...condition('False', 'WrongEnvironment') },
    ],
    { since: NOW },
  );
  expect([orders, approvals, bypasses, freezes]).toEqual([[], [], [], []]);
  // And nothing has to be proven of it.
  expect(distrusted).toBeUndefined();
  expect(asks).toBe(false);
});

test('what stands on record was used, whatever was said of it in the same moment', () => {
  const refused = { ...abort, ...condition('False', 'TooLate') };
  const { orders } = decidedBy([refused], { used: [{ ...used, verdict: 'Abort' }], since: NOW });
  expect(orders).toMatchObject([{ verdict: 'Abort' }]);
});

test('what says that it was used counts, though the record has let go of it and other policies came since', () => {
  const { bypasses, told, distrusted, asks } = decidedBy([{ ...bypass, ...condition('True', 'Used') }], {
    since: NOW,
  });
  expect(bypasses).toHaveLength(1);
  expect([...(told ?? [])]).toEqual(['d-1']);
  expect(distrusted).toBeUndefined();
  expect(asks).toBe(false);
});

test('a Freeze that is over, and was not proven, holds up nobody and is asked about no more', () => {
  const over = decidedBy([froze('2026-05-01T11:59:00Z')], { since: NOW });
  expect(over.distrusted).toBeUndefined();
  expect(over.asks).toBe(false);
  expect(decidedBy([froze(LATER)], { since: NOW }).distrusted).toMatchObject({ count: 1 });
});
