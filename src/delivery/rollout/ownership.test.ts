import { describe, expect, test } from '@jest/globals';
import type { Assignment, TargetView } from '../delivery.ts';
import { ownerOf, projectRollout, withOwnership } from './ownership.ts';
import type { Rollout } from './types.ts';
import { viewOf } from './view.ts';

const INSTANCE = { 'app.kubernetes.io/instance': 'shop' };
const tracked = (id: string): Partial<Rollout['metadata']> => ({
  annotations: { 'argocd.argoproj.io/tracking-id': id },
});

/** A Rollout as the cache holds it, declared by nobody, with something more in its metadata. */
function rollout(metadata: Partial<Rollout['metadata']> = {}, templateManagers?: string[]): Rollout {
  return {
    metadata: {
      name: 'checkout',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: 't',
      ...metadata,
    },
    spec: { paused: true },
    ...(templateManagers && { templateManagers }),
  };
}

describe('who else declares a Rollout', () => {
  test.each([
    [
      'Argo CD, by a tracking id of this object',
      rollout(tracked('shop:argoproj.io/Rollout:shop/checkout')),
      'Argo CD (Application shop)',
    ],
    [
      'Argo CD, by a tracking id of an Application in another namespace than its own',
      rollout(tracked('teams_shop:argoproj.io/Rollout:shop/checkout')),
      'Argo CD (Application teams_shop)',
    ],
    [
      'nobody, by a tracking id that was copied with the object',
      rollout(tracked('shop:argoproj.io/Rollout:origin/checkout')),
      undefined,
    ],
    ['nobody, by a tracking id that says nothing', rollout(tracked('shop')), undefined],
    ['nobody, by the label that every Helm release sets', rollout({ labels: INSTANCE }), undefined],
    [
      'nobody, by that label beside a copied tracking id',
      rollout({ labels: INSTANCE, ...tracked('shop:argoproj.io/Rollout:origin/checkout') }),
      undefined,
    ],
    [
      'Argo CD, by that label and another annotation of its own',
      rollout({ labels: INSTANCE, annotations: { 'argocd.argoproj.io/sync-wave': '1' } }),
      'Argo CD (Application shop)',
    ],
    [
      'Argo CD, by that label and its field manager',
      rollout({ labels: INSTANCE }, ['argocd-controller']),
      'Argo CD (Application shop)',
    ],
    [
      'Argo CD, by the label of its docs',
      rollout({ labels: { 'argocd.argoproj.io/instance': 'shop' } }),
      'Argo CD (Application shop)',
    ],
    [
      'Argo CD, by its field manager alone',
      rollout({}, ['argocd-controller', 'kubectl']),
      'Argo CD (field manager argocd-controller)',
    ],
    [
      'a Flux Kustomization',
      rollout({
        labels: {
          'kustomize.toolkit.fluxcd.io/name': 'apps',
          'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
        },
      }),
      'Flux (Kustomization flux-system/apps)',
    ],
    [
      'a Flux HelmRelease',
      rollout({ labels: { ...INSTANCE, 'helm.toolkit.fluxcd.io/name': 'checkout' } }),
      'Flux (HelmRelease checkout)',
    ],
    [
      'Flux, by its field manager alone',
      rollout({}, ['kustomize-controller']),
      'Flux (field manager kustomize-controller)',
    ],
    ['nobody, by the field managers of people', rollout({}, ['kubectl', 'sluice', 'constructor']), undefined],
    ['nobody, without a sign', rollout(), undefined],
  ])('%s', (_, found, owner) => {
    expect(ownerOf(found)).toBe(owner);
  });
});

const assignment = (namespace = 'shop'): Assignment => ({
  promotion: { namespace, name: 'two', uid: 'p', environment: 'prod' },
  target: { name: 'checkout', wave: 0, rollout: { name: 'checkout', namespace: 'shop' } },
  planned: undefined,
  recorded: undefined,
});

function seen(r: Rollout, namespace?: string): TargetView {
  return withOwnership(viewOf(r, [], assignment(namespace)), r, assignment(namespace));
}
const kinds = (view: TargetView): string[] => [...new Set(view.obstacles.map((o) => o.kind))];
const managed = tracked('shop:argoproj.io/Rollout:shop/checkout').annotations;

describe('what the owner has granted', () => {
  test('a Rollout that nobody else declares is written as a whole, and needs no grant', () => {
    const view = seen(rollout());
    expect(kinds(view)).not.toContain('Ownership');
    expect([view.owner, view.writes]).toEqual([undefined, undefined]);
  });

  test('a managed one is a conflict first of all, which names the owner, the annotation and the docs', () => {
    const view = seen(rollout({ annotations: { ...managed } }));
    expect(view.obstacles[0]?.kind).toBe('Ownership');
    for (const said of [
      'Argo CD (Application shop)',
      'sluice.dev/image-owner: sluice',
      'ignoreDifferences',
      'docs/gitops.md',
    ])
      expect(view.obstacles[0]?.message).toContain(said);
  });

  test('with the grant only its images are written', () => {
    const view = seen(rollout({ annotations: { ...managed, 'sluice.dev/image-owner': 'sluice' } }));
    expect(kinds(view)).not.toContain('Ownership');
    expect([view.owner, view.writes]).toEqual(['Argo CD (Application shop)', 'Images']);
  });

  test("a grant for somebody else's tool is none", () => {
    const view = seen(rollout({ annotations: { ...managed, 'sluice.dev/image-owner': 'kargo' } }));
    expect(kinds(view)).toContain('Ownership');
  });
});

const allowing = (list: string): Rollout =>
  rollout({ annotations: { 'sluice.dev/allowed-environments': list } });

describe('a Rollout in another namespace', () => {
  test.each(['edge/prod', 'edge/dev, edge/prod', ' edge/prod ,'])('may be delivered to by %s', (list) => {
    expect(kinds(seen(allowing(list), 'edge'))).toEqual(['Unfit', 'Busy']);
  });

  test.each(['', 'edge', 'prod', 'edge/prod-eu', 'shop/prod', '*', 'edge/*', 'edge/dev;edge/prod'])(
    'is not allowed by "%s", and tells nothing but how to allow it',
    (list) => {
      const { obstacles } = seen(allowing(list), 'edge');
      expect(obstacles).toHaveLength(1);
      expect(obstacles[0]?.kind).toBe('Grant');
      expect(obstacles[0]?.message).toContain(
        '`edge/prod` to its annotation sluice.dev/allowed-environments',
      );
    },
  );

  test('of the own namespace needs no permission, also when it is named', () => {
    expect(kinds(seen(rollout()))).not.toContain('Grant');
  });
});

const withFields = (managedFields: unknown): Rollout => {
  const made = rollout();
  Object.assign(made.metadata, { managedFields });
  return made;
};
const owning = (manager: string, operation = 'Apply') => ({
  manager,
  operation,
  fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': {} } } },
});

describe('what is kept of a Rollout', () => {
  test('the managers of its template, each once, in a fixed order', () => {
    const projected = projectRollout(
      withFields([
        owning('sluice', 'Update'),
        owning('argocd-controller'),
        owning('argocd-controller', 'Update'),
        { manager: 'rollouts-controller', subresource: 'status', fieldsV1: { 'f:status': {} } },
        { manager: 'hpa', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
      ]),
    );
    expect(projected.templateManagers).toEqual(['argocd-controller', 'sluice']);
  });

  test.each([[undefined], [[]], [[{}]], [[{ manager: 1, fieldsV1: { 'f:spec': { 'f:template': {} } } }]]])(
    'nothing more of managedFields %j',
    (fields) => {
      expect(projectRollout(withFields(fields))).not.toHaveProperty('templateManagers');
    },
  );
});
