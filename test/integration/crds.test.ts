import { beforeAll, describe, expect, test } from '@jest/globals';
import { ApiError, type KubeObject } from '../harness/api.ts';
import { apply } from '../harness/apply.ts';
import { sharedWorld } from '../harness/shared.ts';

/* Every CEL rule and bound of the CRDs, on the real API server: what is refused, and what it says to do. */

const { cluster } = sharedWorld();
const NAMESPACE = 'crds';
const DIGEST = `sha256:${'a'.repeat(64)}`;

const object = (kind: string, name: string, spec: unknown): KubeObject & { spec: unknown } => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name, namespace: NAMESPACE },
  spec,
});

const image = { image: 'ghcr.io/acme/checkout', tag: '1.4.2', digest: DIGEST };
const environment = { targets: [{ name: 'checkout', rollout: { name: 'checkout' } }] };
const gate = { prometheus: { query: 'up', pass: 'value > 0' } };
const counters = { bad: 'sum(bad)', total: 'sum(all)' };
const compare = { canary: counters, stable: counters, minSamples: { atLeast: 100 } };
const auth = { secretName: 'prom', type: 'Bearer' };
/** A Gate that asks this server. */
const asking = (server: object): unknown => ({ prometheus: { ...gate.prometheus, ...server } });
const promotion = { environment: 'prod', revision: { images: [image] } };
const withImage = (change: object): unknown => ({
  ...promotion,
  revision: { images: [{ ...image, ...change }] },
});

/** What the API server says to an apply; undefined: it takes it. */
async function refusal(candidate: KubeObject): Promise<string | undefined> {
  try {
    await apply(cluster.api, candidate);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

beforeAll(() => cluster.createNamespace(NAMESPACE));

describe('objects that are taken', () => {
  test.each([
    ['Environment', 'smallest', environment],
    [
      'Environment',
      'whole',
      {
        targets: [
          { ...environment.targets[0], images: [{ image: 'ghcr.io/acme/checkout', container: 'app' }] },
        ],
        gates: [{ gate: 'error-rate', when: 'During', args: [{ name: 'limit', value: '0.05' }] }],
        analysis: { settleSeconds: 0, minStepSeconds: 0, bakeSeconds: 0, maxBlindSeconds: 1 },
        rollback: { deadlineSeconds: 1 },
      },
    ],
    ['Gate', 'smallest', gate],
    [
      'Gate',
      'whole',
      {
        prometheus: {
          address: 'https://prometheus.example:9090',
          query: 'a',
          pass: 'value < 1.0',
          fail: 'value > 2.0',
          minSamples: { query: 'b', atLeast: 50 },
          maxAgeSeconds: 60,
        },
        intervalSeconds: 15,
        count: 3,
        failureLimit: 0,
        deadlineSeconds: 600,
      },
    ],
    ['Gate', 'compare-smallest', { compare }],
    [
      'Gate',
      'compare-whole',
      {
        compare: {
          ...compare,
          address: 'https://prometheus.example:9090/team',
          auth: { secretName: 'prom', type: 'MTLS' },
          headers: [{ name: 'X-Scope-OrgID', value: 'team-a' }],
          alpha: 0.005,
          margin: 1.5,
        },
        intervalSeconds: 15,
      },
    ],
    ['Gate', 'bearer', asking({ address: 'http://prometheus:9090', auth })],
    ['Gate', 'basic', asking({ address: 'http://prometheus:9090', auth: { ...auth, type: 'Basic' } })],
    [
      'Gate',
      'eight-headers',
      asking({ headers: Array.from({ length: 8 }, (_, i) => ({ name: `X-${i}`, value: 'a b=c' })) }),
    ],
    ['Promotion', 'smallest', promotion],
    ['Promotion', 'port', withImage({ image: 'registry:5000/acme/checkout' })],
    ['Promotion', 'from', { environment: 'prod', from: { environment: 'staging', targets: ['checkout'] } }],
    [
      'Promotion',
      'tag-alone',
      { environment: 'prod', revision: { images: [{ image: 'checkout', tag: '1' }] } },
    ],
    [
      'Promotion',
      'policy',
      { ...promotion, dryRun: true, ttlSecondsAfterFinished: 0, gates: [{ gate: 'a', when: 'After' }] },
    ],
    [
      'Environment',
      'policy',
      {
        targets: ['a', 'b'].map((name, wave) => ({ name, wave, rollout: { name } })),
        gates: [
          { gate: 'g', when: 'Before' },
          { gate: 'g', when: 'During', fromWeight: 20, targets: ['a'] },
          { gate: 'g', when: 'After' },
        ],
        rollback: { onFail: 'Hold' },
        concurrency: 'Replace',
        historyLimit: 0,
      },
    ],
    ['Gate', 'policy', { ...gate, onDeadline: 'Revert', advisory: true }],
    [
      'Promotion',
      'digest-alone',
      { environment: 'prod', revision: { images: [{ image: 'checkout', digest: DIGEST }] } },
    ],
    [
      'Promotion',
      'whole',
      { ...promotion, targets: ['checkout'], gates: [{ gate: 'soak', when: 'During' }], reason: 'because' },
    ],
  ])('%s %s', async (kind, name, spec) => {
    expect(await refusal(object(kind, name, spec))).toBeUndefined();
  });

  test('defaults are what the API says', async () => {
    const stored = await apply<KubeObject & { spec?: unknown }>(
      cluster.api,
      object('Environment', 'defaults', environment),
    );
    expect(stored.spec).toMatchObject({
      analysis: { settleSeconds: 30, minStepSeconds: 60, bakeSeconds: 300, maxBlindSeconds: 300 },
      rollback: { deadlineSeconds: 120 },
    });
    const judged = await apply<KubeObject & { spec?: unknown }>(
      cluster.api,
      object('Gate', 'defaults', gate),
    );
    expect(judged.spec).toMatchObject({
      intervalSeconds: 15,
      count: 3,
      failureLimit: 0,
      deadlineSeconds: 600,
    });
    const compared = await apply<KubeObject & { spec?: unknown }>(
      cluster.api,
      object('Gate', 'compare-defaults', { compare }),
    );
    expect(compared.spec).toMatchObject({ compare: { alpha: 0.01, margin: 1.2 } });
  });
});

describe('objects that are refused, with what to do', () => {
  test.each([
    ['Environment', 'no-target', { targets: [] }, 'should have at least 1 items'],
    [
      'Environment',
      'never',
      { ...environment, gates: [{ gate: 'g', when: 'Never' }] },
      'supported values: "Before", "During", "After"',
    ],
    [
      'Environment',
      'from-weight-after',
      { ...environment, gates: [{ gate: 'g', when: 'After', fromWeight: 20 }] },
      'fromWeight is for gates that are asked During the rollout',
    ],
    [
      'Environment',
      'wave',
      { targets: [{ ...environment.targets[0], wave: 100 }] },
      'less than or equal to 99',
    ],
    ['Environment', 'concurrency', { ...environment, concurrency: 'Both' }, 'Unsupported value: "Both"'],
    ['Environment', 'history', { ...environment, historyLimit: 51 }, 'less than or equal to 50'],
    ['Gate', 'ending', { ...gate, onDeadline: 'Fail' }, 'Unsupported value: "Fail"'],
    ['Promotion', 'neither', { environment: 'prod' }, 'set exactly one of them'],
    ['Promotion', 'both', { ...promotion, from: { environment: 'staging' } }, 'set exactly one of them'],
    [
      'Promotion',
      'no-name',
      { environment: 'prod', revision: { images: [{ image: 'ghcr.io/acme/checkout' }] } },
      'name a tag, a digest, or best both',
    ],
    ['Environment', 'no-spec', undefined, 'Required value'],
    ['Gate', 'no-kind', { count: 3 }, 'set spec.prometheus or spec.compare or spec.approval, and no other'],
    [
      'Gate',
      'two-kinds',
      { ...gate, compare },
      'set spec.prometheus or spec.compare or spec.approval, and no other',
    ],
    ['Gate', 'auth-to-the-default', asking({ auth }), 'set address, too'],
    ['Gate', 'compare-auth-to-the-default', { compare: { ...compare, auth } }, 'set address, too'],
    [
      'Gate',
      'certificate-in-the-clear',
      asking({ address: 'http://prometheus:9090', auth: { ...auth, type: 'MTLS' } }),
      'begin address with https://',
    ],
    ['Gate', 'auth-type', asking({ address: 'http://p', auth: { ...auth, type: 'Token' } }), '"Bearer"'],
    [
      'Gate',
      'auth-name',
      asking({ address: 'http://p', auth: { ...auth, secretName: 'a/b' } }),
      'should match',
    ],
    ...['Authorization', 'AUTHORIZATION', 'Cookie', 'Host', 'Content-Length'].map(
      (name) =>
        [
          'Gate',
          `header-${name.toLowerCase()}`,
          asking({ headers: [{ name, value: 'x' }] }),
          'write credentials in a Secret and name it in auth',
        ] as [string, string, unknown, string],
    ),
    ['Gate', 'header-name', asking({ headers: [{ name: 'X: y', value: 'x' }] }), 'should match'],
    ['Gate', 'header-value', asking({ headers: [{ name: 'X', value: 'x\r\nY: z' }] }), 'should match'],
    [
      'Gate',
      'header-twice',
      asking({ headers: ['X-A', 'x-a'].map((name) => ({ name, value: 'x' })) }),
      'leave one',
    ],
    [
      'Gate',
      'nine-headers',
      asking({ headers: Array.from({ length: 9 }, (_, i) => ({ name: `X-${i}`, value: 'x' })) }),
      'must have at most 8 items',
    ],
    ['Gate', 'compare-without-samples', { compare: { ...compare, minSamples: undefined } }, 'Required value'],
    ['Gate', 'compare-one-side', { compare: { ...compare, stable: undefined } }, 'Required value'],
    ['Gate', 'alpha-large', { compare: { ...compare, alpha: 1 } }, 'a share from 0.0001 to 0.2'],
    ['Gate', 'alpha-none', { compare: { ...compare, alpha: 0 } }, 'a share from 0.0001 to 0.2'],
    ['Gate', 'margin', { compare: { ...compare, margin: 0.9 } }, 'greater than or equal to 1'],
    [
      'Gate',
      'address',
      { prometheus: { ...gate.prometheus, address: 'prometheus:9090' } },
      'begin it with http:// or https://',
    ],
    ['Gate', 'interval', { ...gate, intervalSeconds: 0 }, 'greater than or equal to 1'],
    ['Gate', 'query', { prometheus: { ...gate.prometheus, query: '' } }, 'at least 1 chars long'],
    [
      'Promotion',
      'tag-in-image',
      withImage({ image: 'ghcr.io/acme/checkout:1.4.2' }),
      'write the tag in `tag`',
    ],
    ['Promotion', 'bad-digest', withImage({ digest: 'sha256:abc' }), 'should match'],
    [
      'Promotion',
      'same-image-twice',
      { ...promotion, revision: { images: [image, image] } },
      'duplicate entries for key [image=',
    ],
    ['Promotion', 'no-time', { ...promotion, startDeadlineSeconds: 0 }, 'greater than or equal to 1'],
    ['Promotion', 'no-targets', { ...promotion, targets: [] }, 'should have at least 1 items'],
  ])('%s %s', async (kind, name, spec, says) => {
    expect(await refusal(object(kind, name, spec))).toContain(says);
  });

  test('a Promotion cannot be changed: the message says to apply a new one', async () => {
    await apply(cluster.api, object('Promotion', 'immutable', promotion));
    const changed = object('Promotion', 'immutable', withImage({ tag: '1.4.3' }));
    expect(await refusal(changed)).toContain('apply a new Promotion with a new name');
  });

  test('a field that this version does not know is refused by a strict client, not silently pruned', async () => {
    expect(await refusal(object('Environment', 'unknown', { ...environment, windows: [] }))).toContain(
      'windows',
    );
  });
});

describe('what kubectl knows of the kinds', () => {
  test('they are in the category sluice, and explain themselves', async () => {
    const { stdout } = await cluster.kubectl(['get', 'sluice', '-n', NAMESPACE, '-o', 'name']);
    expect(stdout).toContain('environment.sluice.dev/smallest');
    expect(stdout).toContain('promotion.sluice.dev/smallest');
    const explained = await cluster.kubectl(['explain', 'promotion.spec.revision.images.digest']);
    expect(explained.stdout).toContain('The digest that is promoted');
  });

  test('Promotions can be selected by their Environment', async () => {
    const { stdout } = await cluster.kubectl([
      'get',
      'promotions',
      '-n',
      NAMESPACE,
      '--field-selector=spec.environment=nowhere',
      '-o',
      'name',
    ]);
    expect(stdout).toBe('');
  });
});
