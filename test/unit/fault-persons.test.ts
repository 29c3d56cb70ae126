import { describe, expect, test } from '@jest/globals';
import { brokenLaws } from '../faults/checks.ts';
import type { Version } from '../faults/history.ts';
import { noting } from '../faults/laws.ts';
import { approvals } from '../faults/persons.ts';

/* S3 over a history: persons are counted by the Decisions that were stored before it went on. */

const DIGEST = 'sha256:this';
const CREATED = '2026-01-01T00:00:00Z';
const GATES = [
  { gate: 'cab', when: 'Before' },
  { gate: 'late', when: 'During', fromWeight: 50 },
  { gate: 'close', when: 'After' },
];

const version = (at: number, kind: Version['kind'], object: object): Version =>
  ({ at, seen: at, kind, object }) as unknown as Version;

const gate = (name: string, approval: object = {}): Version =>
  version(1, 'Gate', {
    metadata: { name },
    spec: { approval: { required: 1, requesterMayApprove: false, persons: 'Any', ...approval } },
  });

interface Stands {
  state?: string;
  weight?: number;
  gates?: object[];
  spec?: object;
}

const promotion = (at: number, { state = 'Pending', weight, gates = [], spec = {} }: Stands): Version =>
  version(at, 'Promotion', {
    metadata: { name: 'app-v2', uid: 'u', creationTimestamp: CREATED },
    spec: { environment: 'app', requestedBy: 'alice', ...spec },
    status: {
      revisionDigest: DIGEST,
      plan: { gates: GATES, targets: [{ name: 'app', rollout: { name: 'app' } }] },
      targets: [{ name: 'app', state, ...(weight !== undefined && { weight }) }],
      gates,
    },
  });

const decision = (at: number, by: string, more: object = {}, created = CREATED): Version =>
  version(at, 'Decision', {
    metadata: { name: `by-${by}-${at}`, creationTimestamp: created },
    spec: { by, verdict: 'Approve', gate: 'cab', promotion: { uid: 'u' }, revisionDigest: DIGEST, ...more },
  });

const BEGUN = promotion(9, { state: 'Applying' });
const broken = (...versions: Version[]): string[] => approvals(versions).broken;

const TWO = gate('cab', { required: 2 });
const PERSONS = [decision(4, 'bob'), decision(5, 'carol'), decision(6, 'dan')];

/** One that has begun, and by whom it says it was asked for. */
const asked = (requestedBy: string | undefined, more: object = {}): Version =>
  promotion(9, { state: 'Applying', spec: { requestedBy, ...more } });
const emergency = (requestedBy: string): Version => asked(requestedBy, { changeType: 'Emergency' });
const place = (maySkip: string[]): Version =>
  version(2, 'Environment', { metadata: { name: 'app' }, spec: { emergency: { maySkip } } });

describe('a promotion that begins', () => {
  test('has been approved by somebody else than who asked for it', () => {
    expect(broken(gate('cab'), decision(5, 'bob'), BEGUN)).toEqual([]);
    expect(broken(gate('cab'), BEGUN)).toEqual([
      'app-v2 went past gate cab at version 9, which asks for 1 persons, after 0',
    ]);
    expect(broken(gate('cab'), decision(5, 'alice'), BEGUN)).toHaveLength(1);
    expect(broken(gate('cab', { requesterMayApprove: true }), decision(5, 'alice'), BEGUN)).toEqual([]);
  });

  test.each([
    ['stored only afterwards', decision(10, 'bob')],
    ['of another revision', decision(5, 'bob', { revisionDigest: 'sha256:other' })],
    ['of another promotion', decision(5, 'bob', { promotion: { uid: 'other' } })],
    ['on another gate', decision(5, 'bob', { gate: 'other' })],
    ['that rejects', decision(5, 'bob', { verdict: 'Reject' })],
    ['by a machine', decision(5, 'system:serviceaccount:ci:bot')],
  ])('is not approved by a Decision %s', (_, one) => {
    expect(broken(gate('cab'), one, BEGUN)).toHaveLength(1);
  });

  test('needs different persons', () => {
    const two = gate('cab', { required: 2 });
    expect(broken(two, decision(4, 'bob'), decision(5, 'bob'), BEGUN)).toHaveLength(1);
    expect(broken(two, decision(4, 'bob'), decision(5, 'carol'), BEGUN)).toEqual([]);
  });

  test('needs one more where nobody is known to have asked for it', () => {
    expect(broken(gate('cab'), ...PERSONS.slice(0, 1), asked(undefined))).toHaveLength(1);
    expect(broken(gate('cab'), ...PERSONS.slice(0, 2), asked(undefined))).toEqual([]);
    expect(broken(TWO, ...PERSONS.slice(0, 2), asked(undefined))).toHaveLength(1);
    expect(broken(TWO, ...PERSONS, asked(undefined))).toEqual([]);
  });

  test('needs one more where nothing proves that who is named has asked for it, and not that one', () => {
    const since = Date.parse(CREATED) + 5000;
    const late = ['bob', 'carol', 'dan'].map((by, i) => decision(4 + i, by, {}, '2026-01-01T00:01:00Z'));
    expect(approvals([TWO, ...late.slice(0, 2), asked('alice')], since).broken).toHaveLength(1);
    expect(approvals([TWO, ...late, asked('alice')], since).broken).toEqual([]);
    expect(approvals([TWO, ...late, asked('bob')], since).broken).toHaveLength(1);
  });

  test('needs two at least where a machine has asked for it', () => {
    const machine = asked('system:serviceaccount:sluice-system:sluice');
    expect(broken(gate('cab'), ...PERSONS.slice(0, 1), machine)).toHaveLength(1);
    expect(broken(gate('cab'), ...PERSONS.slice(0, 2), machine)).toEqual([]);
    expect(broken(TWO, ...PERSONS.slice(0, 2), machine)).toEqual([]);
  });

  test('asks nobody as an emergency of a person, where the Environment says so', () => {
    expect(broken(gate('cab'), place(['Approval']), emergency('alice'))).toEqual([]);
    expect(broken(gate('cab'), place(['Freeze']), emergency('alice'))).toHaveLength(1);
    expect(broken(gate('cab'), emergency('alice'))).toHaveLength(1);
    expect(broken(gate('cab'), place(['Approval']), emergency('system:node:n'))).toHaveLength(1);
  });

  test('is approved by nobody who was not proven', () => {
    const versions = [gate('cab'), decision(5, 'bob'), BEGUN];
    expect(approvals(versions, Date.parse(CREATED) + 5000).broken).toHaveLength(1);
    expect(approvals(versions, Date.parse(CREATED)).broken).toEqual([]);
  });

  test('may go past a gate that a person lets it pass', () => {
    expect(broken(gate('cab'), decision(5, 'bob', { verdict: 'Bypass' }), BEGUN)).toEqual([]);
  });
});

/** What two later gates have against a promotion that stands so. */
const far = (stands: Stands): string[] => broken(gate('late'), gate('close'), promotion(9, stands));

describe('a promotion under way', () => {
  test('needs the approval of a later weight when it stands there, and of the end at its end', () => {
    expect(far({ state: 'Analysing', weight: 20 })).toEqual([]);
    expect(far({ state: 'Analysing', weight: 60 })).toEqual([expect.stringContaining('gate late')]);
    expect(far({ state: 'Succeeded', weight: 100 })).toHaveLength(2);
  });

  test('passes no gate without persons, whatever it says of it', () => {
    const gates = [{ gate: 'close', when: 'After', target: '*', verdict: 'Pass' }];
    expect(broken(gate('close'), promotion(9, { state: 'Baking', gates }))).toHaveLength(1);
  });

  test('counts nobody on two levels that ask for distinct persons', () => {
    const levels = [gate('cab', { persons: 'Distinct' }), gate('late', { persons: 'Distinct' })];
    const second = promotion(12, { state: 'Analysing', weight: 60 });
    const first = decision(4, 'bob');
    expect(broken(...levels, first, decision(5, 'bob', { gate: 'late' }), BEGUN, second)).toHaveLength(1);
    expect(broken(...levels, first, decision(5, 'carol', { gate: 'late' }), BEGUN, second)).toEqual([]);
  });
});

test('what no approval gate stands before is not asked', async () => {
  const terms = { settleSeconds: 0, isNew: () => false };
  const asks = (...versions: Version[]): Promise<{ laws: string[] }> =>
    noting(async () => brokenLaws(versions, ['S3'], terms));
  expect((await asks(BEGUN)).laws).toEqual([]);
  expect((await asks(gate('cab'), BEGUN)).laws).toEqual(['S3']);
});
