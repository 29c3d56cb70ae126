import { describe, expect, test } from '@jest/globals';
import { gateSpec } from '../api/v1alpha1/gate.ts';
import type { Decision, DecisionSpec, Promotion } from '../api/v1alpha1/types.ts';
import { dueFor } from '../environment/follow-ups.ts';
import type { Approval } from '../promotion/approvals.ts';
import { World } from '../promotion/testing/world.ts';
import { decide } from './decide.ts';

const PROVEN = { trusted: true, since: 0 } as const;
const DIGEST = `sha256:${'d'.repeat(64)}`;

const decision = (spec: Partial<DecisionSpec>): Decision => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Decision',
  metadata: { ...new World().promotion.metadata, name: 'd', uid: 'd-uid' },
  spec: {
    by: 'bob',
    verdict: 'Abort',
    environment: 'prod',
    promotion: { name: 'two', uid: 'two-uid' },
    ...spec,
  },
});
const release: Partial<DecisionSpec> = {
  verdict: 'Release',
  promotion: undefined,
  target: 'checkout',
  revisionDigest: DIGEST,
};

function fate(spec: Partial<DecisionSpec>, change: (world: World) => void = () => {}): string {
  const world = new World();
  change(world);
  const status = decide({
    now: 0,
    decision: decision(spec),
    promotion: world.promotion,
    environment: world.environment,
    gate: world.gate,
    standing: PROVEN,
  });
  const [accepted] = status?.conditions ?? [];
  return accepted ? `${accepted.status} ${accepted.reason}` : 'undecided';
}

/** The same so many milliseconds after it was made. */
function fateAt(ms: number, spec: Partial<DecisionSpec>): string {
  const { promotion, environment, gate } = new World();
  const made = decision(spec);
  const now = Date.parse(made.metadata.creationTimestamp) + ms;
  const [accepted] =
    decide({ now, decision: made, promotion, environment, gate, standing: PROVEN })?.conditions ?? [];
  return accepted ? `${accepted.status} ${accepted.reason}` : 'undecided';
}

const withStatus =
  (status: NonNullable<Promotion['status']>) =>
  (world: World): void => {
    world.promotion.status = status;
  };
const approve: Partial<DecisionSpec> = {
  verdict: 'Approve',
  gate: new World().gate.metadata.name,
  revisionDigest: DIGEST,
};

/** Its gate asks for an approval. */
const approval = (world: World): void => {
  world.gate.spec = gateSpec.parse({ approval: {} });
};
const used = { name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Abort', at: 't' };
const revert = { reason: 'g', message: 'm', quarantine: true, detectedAt: 't' };

const bypass: Partial<DecisionSpec> = { verdict: 'Bypass', ticket: 'INC-7', reason: 'the shop is down' };
const afterwards: Partial<DecisionSpec> = { ...approve, gate: 'follow-up' };
/** An emergency that alice has asked for, and that carol has let pass the freeze; the Environment knows of it. */
const emergency = (world: World): void => {
  const { promotion, environment } = world;
  Object.assign(promotion.spec, {
    changeType: 'Emergency',
    emergency: { ticket: 'INC-7', justification: 'the shop is down' },
    requestedBy: 'alice',
  });
  environment.spec.emergency = { maySkip: ['Freeze'], followUpSeconds: 60 };
  promotion.status = {
    startedAt: promotion.metadata.creationTimestamp,
    revisionDigest: DIGEST,
    bypassed: [{ what: 'Freeze', by: 'carol', ticket: 'INC-7', reason: 'r', at: 't' }],
  };
};
const known = (world: World): void => {
  emergency(world);
  const due = dueFor(world.promotion, world.environment);
  if (!due) throw new Error('it is due');
  world.environment.status = { followUps: [due] };
};

describe('an Approve after an emergency', () => {
  test.each<[string, Partial<DecisionSpec>, (world: World) => void, string]>([
    ['by somebody else', {}, known, 'undecided'],
    ['before the Environment knows that it is due', {}, emergency, 'undecided'],
    ['by whoever asked for it', { by: 'alice' }, known, 'False SelfApproval'],
    ['by whoever let it pass', { by: 'carol' }, known, 'False SelfApproval'],
    ['by a machine', { by: 'system:node' }, known, 'False NotAuthorised'],
    ['of another revision', { revisionDigest: `sha256:${'e'.repeat(64)}` }, known, 'False DigestMismatch'],
    ['on another gate', { gate: 'cab' }, known, 'False WrongGate'],
    ['of a promotion that is no emergency', {}, () => {}, 'False WrongGate'],
    [
      'though it is used on its own gate meanwhile',
      approve,
      (world) => {
        known(world);
        approval(world);
      },
      'undecided',
    ],
    [
      'that was approved already',
      {},
      (world) => {
        emergency(world);
        const at = world.promotion.metadata.creationTimestamp;
        const one = { name: 'o', uid: 'o', by: 'dave', verdict: 'Approve', promotion: 'two', at };
        world.environment.status = { decisions: [one] };
      },
      'False TooLate',
    ],
  ])('%s', (_, spec, change, expected) => {
    expect(fate({ ...afterwards, ...spec }, change)).toBe(expected);
  });
});

describe('what becomes of a Decision', () => {
  test.each<[string, Partial<DecisionSpec>, (world: World) => void, string]>([
    ['one that nobody has looked at yet', {}, () => {}, 'undecided'],
    ['one that its Promotion has used', {}, withStatus({ decisions: [used] }), 'True Used'],
    ['used, and ended since', {}, withStatus({ decisions: [used], completedAt: 't' }), 'True Used'],
    ['for another UID', { promotion: { name: 'two', uid: 'other' } }, () => {}, 'False WrongUID'],
    ['for another Environment', { environment: 'staging' }, () => {}, 'False WrongEnvironment'],
    ['after the end', {}, withStatus({ completedAt: 't' }), 'False TooLate'],
    ['on the way back', {}, withStatus({ revert }), 'False TooLate'],
    ['an Approve that is asked for', approve, approval, 'undecided'],
    [
      'an Approve of a rollback, which asks nobody',
      approve,
      (world) => {
        approval(world);
        world.promotion.spec.rollback = { decision: 'd', uid: 'd-uid', by: 'bob' };
      },
      'False WrongGate',
    ],
    [
      'a Bypass of one of its gates',
      { ...bypass, gate: new World().gate.metadata.name },
      () => {},
      'undecided',
    ],
    ['a Bypass of a constraint', { ...bypass, constraint: 'Freeze' }, () => {}, 'undecided'],
    ['a Bypass of a gate that it does not have', { ...bypass, gate: 'cab' }, () => {}, 'False WrongGate'],
    ['a Bypass of what is always judged', { ...bypass, gate: 'rollout' }, () => {}, 'False WrongGate'],
    ['a Release of what is refused', release, refuses(DIGEST), 'undecided'],
    ['a Release of what is not refused', release, () => {}, 'False DigestMismatch'],
    [
      'a Release that was used',
      release,
      (world) => {
        const record = {
          target: 'checkout',
          revisionDigest: DIGEST,
          decision: 'd',
          uid: 'd-uid',
          by: 'bob',
          at: 't',
        };
        world.environment.status = { released: [record] };
      },
      'True Used',
    ],
  ])('%s', (_, spec, change, expected) => {
    expect(fate(spec, change)).toBe(expected);
  });

  test.each<[string, Partial<DecisionSpec>, (world: World) => void, string]>([
    [
      'made before what it is to let out was refused',
      release,
      refuses(DIGEST, '2026-01-02T00:00:00Z'),
      'False DigestMismatch',
    ],
    [
      'of what is on its way, which may have failed and not be refused yet',
      release,
      (world) => {
        const candidate = { revisionDigest: DIGEST, promotion: 'two' };
        world.environment.status = { targets: [{ name: 'checkout', candidate }] };
      },
      'undecided',
    ],
  ])('a Release %s', (_, spec, change, expected) => {
    expect(fate(spec, change)).toBe(expected);
  });

  test.each<[string, number, string[], string]>([
    ['of what its author has approved', 9, ['bob Approve', 'bob Revoke'], 'undecided'],
    ['of what somebody else has approved', 9, ['carol Approve', 'bob Revoke'], 'False WrongGate'],
    ['of what is withdrawn already', 9, ['bob Approve', 'bob Revoke', 'bob Revoke'], 'False WrongGate'],
    ['in the second in which an Approve may still come', 1, ['bob Revoke'], 'undecided'],
    ['alone', 9, ['bob Revoke'], 'False WrongGate'],
  ])('a Revoke %s', (_, seconds, said, expected) => {
    const world = new World();
    approval(world);
    const gate = world.gate.metadata.name;
    const made = decision({ verdict: 'Revoke', gate });
    const approvals = said.map((words, n): Approval => {
      const [by = '', verdict] = words.split(' ');
      const uid = n === said.length - 1 ? 'd-uid' : `a-${n}`;
      return {
        name: uid,
        uid,
        by,
        verdict: verdict as 'Approve',
        gate,
        revisionDigest: DIGEST,
        at: n,
        reason: '',
      };
    });
    const status = decide({
      now: Date.parse(made.metadata.creationTimestamp) + seconds * 1000,
      decision: made,
      promotion: world.promotion,
      environment: world.environment,
      gate: world.gate,
      approvals,
      standing: PROVEN,
    });
    const [accepted] = status?.conditions ?? [];
    expect(accepted ? `${accepted.status} ${accepted.reason}` : 'undecided').toBe(expected);
  });

  test('a Freeze and a Thaw whose time is over have expired', () => {
    const made = new World().promotion.metadata.creationTimestamp;
    const until = new Date(Date.parse(made) + 60_000).toISOString();
    const freeze = { verdict: 'Freeze', promotion: undefined, until } as const;
    expect(fateAt(61_000, freeze)).toBe('False Expired');
    expect(fateAt(59_000, freeze)).toBe('undecided');
    expect(fateAt(31 * 24 * 3600_000, { verdict: 'Thaw', promotion: undefined })).toBe('False Expired');
  });

  test('what was used in the moment in which it was refused was used', () => {
    const world = new World();
    withStatus({ decisions: [used] })(world);
    const made = decision({});
    made.status = {
      conditions: [
        { type: 'Accepted', status: 'False', reason: 'TooLate', message: 'm', lastTransitionTime: 't' },
      ],
    };
    const status = decide({
      now: 0,
      decision: made,
      promotion: world.promotion,
      environment: undefined,
      gate: undefined,
      standing: PROVEN,
    });
    expect(status?.conditions).toMatchObject([{ status: 'True', reason: 'Used' }]);
  });

  test('a fate is final', () => {
    const made = decision({});
    const world = new World();
    withStatus({ completedAt: 't' })(world);
    const first = decide({
      now: 0,
      decision: made,
      promotion: world.promotion,
      environment: undefined,
      gate: undefined,
      standing: PROVEN,
    });
    made.status = first;
    expect(
      decide({
        now: 9,
        decision: made,
        promotion: undefined,
        environment: undefined,
        gate: undefined,
        standing: PROVEN,
      }),
    ).toBe(first);
  });

  test('every refusal says what to do', () => {
    const status = decide({
      now: 0,
      decision: decision({}),
      promotion: undefined,
      environment: undefined,
      gate: undefined,
      standing: PROVEN,
    });
    expect(status?.conditions?.[0]?.message).toContain('take metadata.uid from the Promotion that is meant');
  });
});

function refuses(revisionDigest: string, since = 't') {
  return (world: World): void => {
    world.environment.status = {
      quarantine: [
        {
          target: 'checkout',
          image: 'i',
          digest: DIGEST,
          revisionDigest,
          reason: 'r',
          promotion: 'p',
          since,
        },
      ],
    };
  };
}
