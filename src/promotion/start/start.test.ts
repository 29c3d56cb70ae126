import { describe, expect, test } from '@jest/globals';
import { type Judgement, newJudgement } from '../../analysis/judge.ts';
import type { Environment } from '../../api/v1alpha1/types.ts';
import type { Input, Rival, Subject } from '../input.ts';
import { imagesOf, revisionDigest } from '../revision.ts';
import { start } from './start.ts';
import { statusOf } from '../status.ts';
import { DIGEST, NEW, OLD, World } from '../testing/world.ts';

/** The input of a promotion whose one query is answered: recording the template is all that is left. */
function ready(change: Partial<Input> = {}, world = new World()): Input {
  // An Environment that has seen a promotion: its target is known.
  const current = { revisionDigest: '', promotion: 'one', since: '2026-01-01T00:00:00Z' };
  world.environment.status ??= { targets: [{ name: 'checkout', current }] };
  const answered = {
    ...newJudgement('preflight', world.now),
    last: { at: world.now, verdict: 'Pass' as const, value: 0, message: 'ok', query: 'up', tookMs: 1 },
  };
  return { ...world.input(), judgement: () => answered, ...change };
}

const SAMPLE = { at: 1, verdict: 'Inconclusive' as const, message: 'no data', query: 'up', tookMs: 1 };

const rival = (change: Partial<Rival> = {}): Rival => ({
  name: 'other',
  uid: 'other-uid',
  priority: 2,
  createdAt: Date.parse('2026-01-01T00:00:00Z'),
  reason: 'Preflight',
  started: false,
  targets: undefined,
  images: [{ image: 'ghcr.io/acme/checkout', digest: DIGEST }],
  ...change,
});

const imagesAt = (digest: string): Rival['images'] => [{ image: 'ghcr.io/acme/checkout', digest }];

describe('whose turn it is', () => {
  const second = 1000;
  const created = Date.parse('2026-01-01T00:00:00Z');
  test.each([
    [
      'one in flight goes first, however young',
      rival({ started: true, createdAt: created + second }),
      'Queued',
    ],
    ['an older one in Preflight goes first', rival({ createdAt: created - second }), 'Queued'],
    [
      'an older one that was not looked at yet goes first',
      rival({ createdAt: created - second, reason: undefined }),
      'Queued',
    ],
    ['of the same second, the smaller UID goes first', rival({ uid: 'a' }), 'Queued'],
    ['of the same second, the greater UID waits', rival({ uid: 'zzz' }), 'Preflight'],
    [
      'an older one that waits for a reference blocks nobody',
      rival({ createdAt: created - second, reason: 'AwaitingReference' }),
      'Preflight',
    ],
    ['a younger one waits', rival({ createdAt: created + second }), 'Preflight'],
    [
      'one whose images run nowhere here is no rival',
      rival({ started: true, images: [{ image: 'ghcr.io/acme/cart', digest: DIGEST }] }),
      'Preflight',
    ],
    ['a rollback goes first, however young', rival({ priority: 0, createdAt: created + second }), 'Queued'],
    ['an emergency goes first, however young', rival({ priority: 1, createdAt: created + second }), 'Queued'],
    ['one for another target is no rival', rival({ started: true, targets: ['elsewhere'] }), 'Preflight'],
  ])('%s', (_, other, reason) => {
    expect(start(ready({ rivals: [other] })).reason).toBe(reason);
  });

  test('a claim in this process that no cache shows yet counts', () => {
    const world = new World();
    world.reconcile();
    expect(start(ready({}, world)).finalizer).toBe('add');
    world.promotion.metadata.finalizers = ['sluice.dev/revert'];
    expect(start(ready({}, world)).reason).toBe('Applying');
    expect(start(ready({ claimed: new Map([['checkout', 'other-uid']]) }, world)).reason).toBe('Queued');
  });
});

const withPolicy = (concurrency: 'Queue' | 'Replace' | 'Reject', change: Partial<Input>): Input => {
  const input = ready(change);
  if (input.environment) input.environment.spec.concurrency = concurrency;
  return input;
};

/** An emergency, or what a person takes back, under this policy. */
const urgent = (
  concurrency: 'Replace' | 'Reject',
  what: 'Emergency' | 'Rollback',
  change: Partial<Input>,
): Input => {
  const input = withPolicy(concurrency, change);
  const { promotion } = input;
  if (what === 'Rollback') promotion.spec.rollback = { decision: 'd', uid: 'd-uid', by: 'bob' };
  else promotion.spec.changeType = 'Emergency';
  return what === 'Rollback' ? { ...input, rollback: 'Proven' } : input;
};

describe('several orders for one place', () => {
  test.each(['Emergency', 'Rollback'] as const)(
    'Replace: what is less urgent does not end one that waits (%s)',
    (what) => {
      const normal = rival({ createdAt: Date.parse('2026-01-02T00:00:00Z') });
      expect(start(urgent('Replace', what, { rivals: [normal] })).reason).not.toBe('Superseded');
      const asUrgent = { ...normal, priority: 0 };
      expect(start(urgent('Replace', what, { rivals: [asUrgent] })).reason).toBe('Superseded');
    },
  );

  test.each(['Emergency', 'Rollback'] as const)('Reject: it waits for its turn all the same (%s)', (what) => {
    const taken = rival({ started: true });
    expect(start(urgent('Reject', what, { rivals: [taken] })).reason).toBe('Queued');
  });

  const older = Date.parse('2025-12-31T00:00:00Z');
  const newer = Date.parse('2026-01-02T00:00:00Z');
  test.each([
    ['Queue', { rivals: [rival({ started: true })] }, 'Queued'],
    ['Reject', { rivals: [rival({ started: true })] }, 'Busy'],
    ['Reject', { rivals: [] }, 'Preflight'],
    ['Replace', { rivals: [rival({ createdAt: newer })] }, 'Superseded'],
    ['Replace', { rivals: [rival({ createdAt: older, reason: 'Queued' })] }, 'Queued'],
    ['Replace', { rivals: [rival({ started: true, createdAt: newer })] }, 'Queued'],
  ] satisfies ['Queue' | 'Replace' | 'Reject', Partial<Input>, string][])(
    'concurrency %s: %j comes to %s',
    (concurrency, change, reason) => {
      expect(start(withPolicy(concurrency, change)).reason).toBe(reason);
    },
  );

  test('concurrency Reject: a rollback waits for what it is to take back', () => {
    const input = withPolicy('Reject', { rivals: [rival({ started: true })], rollback: 'Proven' });
    input.promotion.spec.rollback = { decision: 'd', uid: 'u', by: 'bob' };
    expect(start(input).reason).toBe('Queued');
  });

  test.each([
    ['a newer one that succeeded ends an older that waits', newer, ['checkout'], 'Superseded'],
    ['an older one does not', older, ['checkout'], 'Preflight'],
    ['one on another target does not', newer, ['cart'], 'Preflight'],
  ])('%s', (_, createdAt, targets, reason) => {
    expect(start(ready({ successors: [{ name: 'three', createdAt, targets }] })).reason).toBe(reason);
  });

  test('an Environment that knows nothing starts none of several, and says what to do', () => {
    const input = ready({ rivals: [rival({ createdAt: newer })] });
    if (input.environment) input.environment.status = {};
    const outcome = start(input);
    expect(outcome.reason).toBe('AmbiguousOrder');
    expect(outcome.message).toContain('delete all but the one that is meant');
    const started = ready({ rivals: [rival({ createdAt: newer, started: true })] });
    if (started.environment) started.environment.status = {};
    expect(start(started).reason).toBe('Queued');
  });

  describe('an Environment that knows nothing, with one upstream', () => {
    const OLDER = `sha256:${'e'.repeat(64)}`;
    const since = '2026-01-01T00:00:00.000Z';
    /** Two orders, one of this revision and one of another; staging has this one as good. */
    const rising = (good: string, other: Partial<Rival>): Input => {
      const world = new World({ environment: { upstream: { environments: [{ name: 'staging' }] } } });
      world.environment.status = {};
      const { environment } = new World();
      const lastGood = { revisionDigest: good, images: [`checkout@${good}`], promotion: 'p', since };
      const status = { targets: [{ name: 'checkout', lastGood, steadySince: since }] };
      const staging = { ...environment, metadata: { ...environment.metadata, name: 'staging' }, status };
      return ready({ rivals: [rival(other)], upstreams: new Map([['staging', staging]]) }, world);
    };

    test.each<[string, string, Partial<Rival>, string]>([
      ['one that staging has left behind keeps nobody', DIGEST, { images: imagesAt(OLDER) }, 'Preflight'],
      [
        'who is left behind awaits it, whatever else waits',
        OLDER,
        { images: imagesAt(OLDER) },
        'AwaitingUpstream',
      ],
      ['two that are both good there are ambiguous', DIGEST, {}, 'AmbiguousOrder'],
      [
        'so is an emergency, which may skip it',
        DIGEST,
        { images: imagesAt(OLDER), priority: 1 },
        'AmbiguousOrder',
      ],
    ])('%s', (_, good, other, reason) => {
      const waits = { reason: 'AwaitingApproval', createdAt: older } as const;
      expect(start(rising(good, { ...waits, ...other })).reason).toBe(reason);
    });

    test('of two of which one was left behind Replace keeps the newer', () => {
      const input = rising(OLDER, { createdAt: newer, images: imagesAt(OLDER) });
      if (input.environment) input.environment.spec.concurrency = 'Replace';
      expect(start(input).reason).toBe('Superseded');
    });
  });

  test('a newer one takes over what an older one cannot bring back, with the record of what was good', () => {
    const stuck = rival({
      uid: 'stuck',
      started: true,
      reason: 'RollbackBlocked',
      createdAt: older,
      targets: ['checkout'],
    });
    const template = { spec: { containers: [{ name: 'app', image: OLD }] } };
    const good = { controllerRevision: 'theirs', hash: 'good', template };
    const inherited = { recorded: good, images: [{ container: 'app', image: NEW, changed: true }] };
    const silent: Judgement = { ...newJudgement('preflight', 0), last: SAMPLE };
    const overtaking = (change: Partial<Subject>, rivals: Rival[] = [stuck]): Input => {
      const input = ready({ rivals, claimed: new Map([['checkout', 'stuck']]), judgement: () => silent });
      input.promotion.metadata.finalizers = ['sluice.dev/revert'];
      for (const subject of input.subjects) {
        Object.assign(subject, change);
        if (subject.observation.found)
          Object.assign(subject.observation.view, {
            isRecorded: false,
            obstacles: [{ kind: 'Busy', message: 'Rollout checkout is aborted' }],
          });
      }
      return input;
    };
    expect(start(overtaking({ inherited })).effects).toEqual([
      { kind: 'Record', target: 'checkout', inherited: good },
    ]);
    const begun = start(overtaking({ inherited, recorded: good }));
    expect(begun.reason).toBe('Applying');
    expect(begun.effects).toEqual([{ kind: 'Apply', target: 'checkout', over: inherited.images }]);
    // Somebody else has changed the template since: nothing is inherited, and what stands there is waited for.
    expect(start(overtaking({ recorded: good })).reason).toBe('Preflight');
    expect(start(overtaking({ inherited }, [{ ...stuck, reason: 'Reverting' }])).reason).toBe('Queued');
  });

  test('a newer one need not wait for one that is stuck on its way back', () => {
    const stuck = rival({ started: true, reason: 'RollbackBlocked', createdAt: older });
    expect(start(ready({ rivals: [stuck] })).reason).toBe('Preflight');
  });
});

/** So long after the beginning of a world. */
const at = (seconds: number): string => new Date(new World().now + seconds * 1000).toISOString();

describe('until when', () => {
  const deadline = { reason: 'StartDeadline', message: expect.any(String), until: at(60) };

  test('a deadline to begin stands beside what is waited for, which keeps its own time', () => {
    const input = ready({ rivals: [rival({ started: true })] });
    input.promotion.spec.startDeadlineSeconds = 60;
    const turn = { reason: 'Turn', message: expect.any(String) };
    expect(start(input).blockedBy).toEqual([turn, deadline]);
    const frozen = ready();
    frozen.promotion.spec.startDeadlineSeconds = 60;
    if (frozen.environment) frozen.environment.spec.freeze = { reason: 'year end', until: at(30) };
    const freeze = { reason: 'Freeze', message: expect.any(String), until: at(30) };
    expect(start(frozen).blockedBy).toEqual([freeze, deadline]);
  });

  test.each([
    ['the asking escalates', {}, 60],
    ['an approval expires', { required: 2, expiresAfterSeconds: 60, escalateAfterSeconds: 600 }, 60],
  ])('an approval is awaited until %s', (_, spec, seconds) => {
    const world = new World({ persons: { cab: { escalateAfterSeconds: 60, ...spec } }, requester: 'alice' });
    const { now, promotion } = world;
    const revision = revisionDigest(imagesOf(promotion));
    world.approvals = [
      {
        name: 'd',
        uid: 'd',
        by: 'required' in spec ? 'bob' : 'alice',
        verdict: 'Approve',
        gate: 'cab',
        revisionDigest: revision,
        at: now,
        reason: undefined,
      },
    ];
    expect(start(ready({}, world)).blockedBy).toMatchObject([{ reason: 'Approval', until: at(seconds) }]);
  });
});

const source = (lastGood?: object): Environment => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Environment',
  metadata: { ...new World().environment.metadata, name: 'staging' },
  spec: new World().environment.spec,
  status: { targets: [{ name: 'checkout', ...lastGood }] },
});

const taking = (from: Environment | undefined): Input => {
  const input = ready({ source: from });
  delete input.promotion.spec.revision;
  input.promotion.spec.from = { environment: 'staging' };
  return input;
};

describe('a revision that is taken from another Environment', () => {
  test('is what was last good there', () => {
    const lastGood = { revisionDigest: DIGEST, images: [NEW], promotion: 'one', since: 't' };
    const outcome = start(taking(source({ lastGood })));
    expect(outcome.revision).toEqual([{ image: 'ghcr.io/acme/checkout', tag: '2', digest: DIGEST }]);
    expect(outcome.changedAt).toBeUndefined();
  });

  test('is as old as it is on record there', () => {
    const changedAt = '2026-01-01T00:00:00.000Z';
    const lastGood = { revisionDigest: DIGEST, images: [NEW], promotion: 'one', changedAt, since: 't' };
    const input = taking(source({ lastGood }));
    const outcome = start(input);
    expect(outcome.changedAt).toBe(changedAt);
    const status = statusOf(input, outcome);
    expect(status.changedAt).toBe(changedAt);
    input.promotion.status = status;
    expect(statusOf(input, start(input)).changedAt).toBe(changedAt);
  });

  test.each([
    ['no such Environment', undefined, 'AwaitingReference'],
    ['nothing good there yet', source(), 'AwaitingUpstream'],
  ])('waits for it: %s', (_, from, reason) => {
    expect(start(taking(from)).reason).toBe(reason);
  });
});

const dry = (change: Partial<Input> = {}): Input => {
  const input = ready(change);
  input.promotion.spec.dryRun = true;
  return input;
};

describe('a dry run', () => {
  test('ends Planned with the plan, and touches nothing', () => {
    const outcome = start(dry());
    expect(outcome).toMatchObject({ reason: 'Planned', plan: { targets: [{ name: 'checkout' }] } });
    expect(outcome.effects ?? []).toEqual([]);
    expect(outcome.finalizer).toBeUndefined();
    expect(outcome.blockedBy).toEqual([]);
  });

  test('says what is in the way, and takes no turn', () => {
    const outcome = start(dry({ rivals: [rival({ started: true })] }));
    expect(outcome.reason).toBe('Planned');
    expect(outcome.blockedBy).toMatchObject([{ reason: 'Turn' }]);
    expect(outcome.message).toContain('it would wait');
  });
});

describe('what is waited for, in words that say what to do', () => {
  test.each([
    ['no Environment', { environment: undefined }, 'Environment prod does not exist: apply it'],
    ['no Gate', { gates: new Map() }, 'Gate error-rate does not exist: apply it'],
  ] satisfies [string, Partial<Input>, string][])('%s', (_, change, says) => {
    const outcome = start(ready(change));
    expect(outcome.message).toContain(says);
    expect(outcome.blockedBy?.[0]?.message).toBe(outcome.message);
    expect(outcome.wakeAt).toBeGreaterThan(0);
    expect(outcome.effects ?? []).toEqual([]);
  });

  test('a query that has no answer for the stable revision', () => {
    const world = new World();
    world.reconcile();
    const input = ready({}, world);
    expect(start({ ...input, judgement: () => undefined }).message).toContain(
      'asking the gates about the stable revision',
    );
    const silent = {
      ...newJudgement('preflight', world.now),
      last: { at: 1, verdict: 'Inconclusive' as const, message: 'no data', query: 'up', tookMs: 1 },
    };
    expect(start({ ...input, judgement: () => silent }).message).toBe(
      'gate error-rate has no answer for the stable revision: no data',
    );
  });

  test('an image that no container runs', () => {
    const input = ready();
    const image = { image: 'ghcr.io/acme/other', digest: DIGEST };
    input.promotion.spec.revision = { images: [image] };
    const outcome = start(input);
    expect(outcome.reason).toBe('AwaitingReference');
    expect(outcome.message).toContain('no container of Rollout checkout runs ghcr.io/acme/other');
  });

  test('a target that the Environment does not have', () => {
    const input = ready();
    input.promotion.spec.targets = ['cart'];
    expect(start(input).message).toContain('has no target cart');
  });
});

describe('what ends it before it began', () => {
  test('a digest in quarantine on that target, and no other', () => {
    const entry = {
      target: 'checkout',
      image: 'ghcr.io/acme/checkout',
      digest: DIGEST,
      reason: 'bad',
      promotion: 'p',
      since: 't',
    };
    const input = ready();
    if (input.environment) input.environment.status = { quarantine: [entry] };
    expect(start(input).reason).toBe('Quarantined');
    if (input.environment) input.environment.status = { quarantine: [{ ...entry, target: 'cart' }] };
    expect(start(input).reason).toBe('Preflight');
  });
});

/** The same a minute after its creation, with a deadline to begin. */
const late = (change: Partial<Input>, seconds = 60): Input => {
  const input = ready(change);
  input.promotion.spec.startDeadlineSeconds = seconds;
  return { ...input, now: Date.parse(input.promotion.metadata.creationTimestamp) + 60_000 };
};

describe('a deadline to begin', () => {
  test.each([
    ['a missing reference', { environment: undefined }, 'InvalidReference'],
    ['a turn that does not come', { rivals: [rival({ started: true })] }, 'Expired'],
    ['a preflight that does not pass', {}, 'PreflightFailed'],
  ] satisfies [string, Partial<Input>, string][])(
    '%s ends it, with what it waited for and no effect',
    (_, change, reason) => {
      const outcome = start(late(change));
      expect(outcome.reason).toBe(reason);
      expect(outcome.message).toContain('then apply a new Promotion');
      expect(outcome.effects ?? []).toEqual([]);
    },
  );

  test('until then it waits, and wakes in time', () => {
    const input = late({ environment: undefined }, 61);
    const outcome = start(input);
    expect(outcome.reason).toBe('AwaitingReference');
    expect(outcome.wakeAt).toBe(input.now + 1000);
  });
});

describe('how it begins', () => {
  test('the template is recorded first; then the plan is latched, with what is written where', () => {
    const input = ready();
    expect(start(input).effects).toEqual([{ kind: 'Record', target: 'checkout' }]);
    const world = new World();
    for (let i = 0; i < 4; i += 1) {
      world.reconcile();
      world.sample('Pass');
    }
    expect(world.promotion.status?.plan).toMatchObject({
      version: 1,
      targets: [{ name: 'checkout', images: [{ container: 'app', image: NEW, changed: true }], steps: 4 }],
      gates: [{ gate: 'error-rate', when: 'During' }],
      bakeSeconds: 5,
    });
  });

  test('a Gate that both name is bound once', () => {
    const input = ready();
    input.promotion.spec.gates = [{ gate: 'error-rate', when: 'During' }];
    expect(start(input).probes).toHaveLength(1);
  });
});

test('more gates and targets than status has room for are refused before anything is changed', () => {
  const world = new World({ waves: Array.from({ length: 32 }, () => 0) });
  const [gate] = world.input().gates.values();
  const names = Array.from({ length: 9 }, (_, i) => `gate-${i}`);
  const gates = new Map(names.flatMap((name) => (gate ? [[name, gate] as const] : [])));
  world.environment.spec.gates = names.map((name) => ({ gate: name, when: 'During' }));
  const tooMany = start(ready({ gates }, world));
  expect(tooMany).toMatchObject({ reason: 'Preflight', message: expect.stringContaining('288 checks') });
  expect(tooMany.effects ?? []).toEqual([]);
  world.environment.spec.gates = world.environment.spec.gates.slice(0, 8);
  expect(start(ready({ gates }, world)).message).not.toContain('checks');
});
