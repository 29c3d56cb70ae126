import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apply } from '../harness/apply.ts';
import { createRollout, untilHealthy } from '../harness/fixtures.ts';
import { decideAs, entitle } from '../harness/people.ts';
import { imageFor, Place, revisionImage, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/* Of a promotion that waits `kubectl describe` says what is awaited, from whom and until when. */

const { cluster } = sharedWorld();
const NAMESPACE = 'awaited';
const HOUR_MS = 3_600_000;

/** A time in whole seconds, whatever a sentence makes of their parts. */
const timeOf = (ms: number): string => wholeSeconds(new Date(ms).toISOString());
const wholeSeconds = (text: string): string => text.replaceAll(/(:\d\d)\.\d+Z/g, '$1Z');

/** What describe says of a promotion once it has come to this reason: words with one space between them, times in whole seconds. */
async function described(place: Place, name: string, reason: string): Promise<string> {
  await place.untilReason(name, reason);
  const { code, stdout, stderr } = await cluster.kubectl(['describe', 'promotion', name, '-n', NAMESPACE]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(new RegExp(`Reason:\\s+${reason}`));
  return wholeSeconds(stdout.replaceAll(/\s+/g, ' '));
}

/** A Rollout with an Environment that says this besides. */
async function placed(app: string, more: object, gates: readonly object[] = []): Promise<Place> {
  const place = await new Place(cluster.api, NAMESPACE, app).prepare({ ungated: true, replicas: 1 });
  await place.apply('Environment', app, {
    targets: [{ name: app, rollout: { name: app } }],
    ...(gates.length > 0 && { gates }),
    ...more,
  });
  return place;
}

/** alice asks for v2 in her own name. */
async function asks(place: Place): Promise<string> {
  const name = `${place.app}-v2`;
  await apply(cluster.apiAs('alice'), {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name, namespace: NAMESPACE },
    spec: { ...place.orderOf('v2'), requestedBy: 'alice' },
  });
  return name;
}

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await entitle(cluster, NAMESPACE, 'alice', 'editor');
  await entitle(cluster, NAMESPACE, 'bob', 'approver');
  await entitle(cluster, NAMESPACE, 'carol', 'release-operator');
});

afterAll(async () => {
  // What is held and what waits would be told of, and looked at again, for as long as the other tests run.
  const { items } = await cluster.api.list(sluicePath(NAMESPACE, 'promotions'));
  for (const { metadata } of items)
    await cluster.api.delete(sluicePath(NAMESPACE, 'promotions', metadata.name));
});

describe('kubectl describe promotion', () => {
  test('that awaits approval: on which gate, who has approved, and who may not', async () => {
    const place = await placed('cab', {}, [{ gate: 'board', when: 'Before' }]);
    await place.apply('Gate', 'board', { approval: { required: 2, expiresAfterSeconds: 7200 } });
    const name = await asks(place);
    const before = await described(place, name, 'AwaitingApproval');
    expect(before).toContain('board');
    expect(before).toContain('alice');
    expect(before).toMatch(/Approve|approve/);
    const { metadata, status } = await place.promotion(name);
    const approve = await decideAs(cluster, NAMESPACE, 'bob', 'cab-bob', {
      verdict: 'Approve',
      environment: 'cab',
      promotion: { name, uid: metadata.uid },
      gate: 'board',
      revisionDigest: status?.revisionDigest,
    });
    // The first to expire is looked at again then.
    const { creationTimestamp = '' } = approve.metadata;
    const expires = timeOf(Date.parse(creationTimestamp) + 2 * HOUR_MS);
    const after = await until('it is said that bob has approved', async (seen) => {
      const text = await described(place, name, 'AwaitingApproval');
      seen(text);
      return text.includes('bob') && text;
    });
    expect(after).toContain(`Until: ${expires}`);
  });

  test('outside of the windows: until when it is closed', async () => {
    const opens = new Date(Date.now() + 12 * HOUR_MS);
    opens.setUTCSeconds(0, 0);
    const schedule = `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`;
    const window = { name: 'night', kind: 'Allow', schedule, durationSeconds: 600, timeZone: 'UTC' };
    const place = await placed('night', { windows: [window] });
    const text = await described(place, await asks(place), 'WindowClosed');
    const at = timeOf(opens.getTime());
    expect(text).toContain('Environment night');
    expect(text).toContain(`Until: ${at}`);
    // In the sentence as well as beside it.
    expect(text.split(at).length).toBeGreaterThan(2);
  });

  test('in a frozen place: by whom, why, and until when', async () => {
    const place = await placed('ice', {});
    const ends = timeOf(Date.now() + HOUR_MS);
    await decideAs(cluster, NAMESPACE, 'carol', 'ice-freeze', {
      verdict: 'Freeze',
      environment: 'ice',
      until: ends,
      reason: 'incident 7',
    });
    const text = await described(place, await asks(place), 'Frozen');
    for (const word of ['Environment ice', 'carol', 'incident 7', 'Thaw', `Until: ${ends}`])
      expect(text).toContain(word);
    expect(text.split(ends).length).toBeGreaterThan(2);
  });

  test('that soaks upstream: where, and until when', async () => {
    const place = await placed('soak', { analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0 } });
    const options = { image: imageFor('soak', 'v1'), replicas: 1 };
    await createRollout(cluster.api, NAMESPACE, 'soak-next', options);
    await untilHealthy(cluster.api, NAMESPACE, 'soak-next');
    await place.apply('Environment', 'soak-next', {
      targets: [{ name: 'soak', rollout: { name: 'soak-next' } }],
      upstream: { environments: [{ name: 'soak', soakSeconds: 3600 }] },
    });
    await place.promote('v2');
    await place.untilReason('soak-v2', 'Succeeded');
    const revision = { images: [revisionImage('soak', 'v2')] };
    await place.apply('Promotion', 'soak-next-v2', { environment: 'soak-next', revision });
    const text = await described(place, 'soak-next-v2', 'Soaking');
    const since = (await place.environment()).status?.targets?.[0]?.steadySince ?? '';
    const ends = timeOf(Date.parse(since) + HOUR_MS);
    expect(text).toContain('Environment soak');
    expect(text).toContain(`Until: ${ends}`);
    expect(text.split(ends).length).toBeGreaterThan(2);
  });

  test('that a person holds: who, why, and what ends it', async () => {
    const place = await placed('held', {}, [{ gate: 'board', when: 'Before' }]);
    const name = await asks(place);
    await place.untilReason(name, 'AwaitingApproval');
    const { uid } = (await place.promotion(name)).metadata;
    await decideAs(cluster, NAMESPACE, 'carol', 'held-hold', {
      verdict: 'Hold',
      environment: 'held',
      promotion: { name, uid },
      reason: 'looking at a metric',
    });
    const text = await described(place, name, 'HeldByPerson');
    for (const word of ['carol', 'looking at a metric', 'Resume', 'Abort']) expect(text).toContain(word);
  });
});
