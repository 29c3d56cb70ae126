import { expect, test } from '@jest/globals';
import { parseEnvironment, parsePromotion, type RawObject } from '../../api/v1alpha1/parse.ts';
import { freezeOf } from '../../environment/calendar.ts';
import { heldBy } from '../orders.ts';
import { decidedOn } from './decided.ts';
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
