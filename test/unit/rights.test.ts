import { describe, expect, test } from '@jest/globals';
import { type AuditEvent, operatorRequests, writesIn } from '../harness/audit.ts';
import { reasonComplaints } from '../harness/reasons.ts';
import { type Role, type Rule, rightComplaints } from '../harness/rights.ts';
import { USERS } from '../harness/users.ts';
import { PROMOTION_REASONS } from '../../src/api/v1alpha1/reasons.ts';

/* How a run of the integration tests is judged as a whole. */

const event = (change: Partial<AuditEvent>): AuditEvent => ({
  auditID: '1',
  stage: 'ResponseComplete',
  requestURI: '/',
  verb: 'get',
  user: { username: USERS.operator.username },
  userAgent: 'sluice',
  responseStatus: { code: 200 },
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  ...change,
});
const onGate = { apiGroup: 'sluice.dev', resource: 'gates', namespace: 'shop', name: 'g' };
const refusal = { annotations: { 'authorization.k8s.io/decision': 'forbid' }, responseStatus: { code: 403 } };
const roleOf = (rules: Rule[], kind = 'ClusterRole', namespace?: string): Role => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name: 'sluice', ...(namespace !== undefined && { namespace }) },
  rules,
});
const gates = { apiGroups: ['sluice.dev'], resources: ['gates'] };
const lease = {
  verb: 'update',
  objectRef: {
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'sluice-system',
    name: 'sluice',
  },
};
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update'] };

const complaints = (rules: Rule[], events: AuditEvent[]): string[] =>
  rightComplaints([roleOf(rules)], operatorRequests(events), true);

describe('requests in an audit log', () => {
  test('are told apart by what RBAC looks at, and by nothing else', () => {
    const events = [
      event({ verb: 'patch', objectRef: { ...onGate, subresource: 'status' } }),
      event({
        verb: 'patch',
        objectRef: { ...onGate, subresource: 'status' },
        responseStatus: { code: 409 },
      }),
      event({ verb: 'create', objectRef: onGate }),
    ];
    expect(operatorRequests(events)).toEqual([
      {
        verb: 'patch',
        group: 'sluice.dev',
        resource: 'gates/status',
        namespace: 'shop',
        name: 'g',
        forbidden: false,
      },
      { verb: 'create', group: 'sluice.dev', resource: 'gates', namespace: 'shop', forbidden: false },
    ]);
  });

  test('of a test that borrows the token are left out', () => {
    const { userAgent: _, ...borrowed } = event({ objectRef: onGate });
    expect(operatorRequests([borrowed])).toEqual([]);
  });

  test('are writes, or not; leases and events do not count', () => {
    const events = [
      event({ verb: 'watch', objectRef: onGate }),
      event(lease),
      event({ verb: 'create', objectRef: { apiGroup: 'events.k8s.io', resource: 'events' } }),
      event({ verb: 'patch', objectRef: { ...onGate, subresource: 'status' } }),
    ];
    expect(writesIn(events)).toEqual(['patch gates/status shop/g 200']);
  });
});

describe('the rights of the chart', () => {
  test('are right when each is used and nothing was refused', () => {
    expect(complaints([{ ...gates, verbs: ['get'] }], [event({ objectRef: onGate })])).toEqual([]);
  });

  test('lack what was refused, and no rule allows', () => {
    const refused = event({ verb: 'patch', objectRef: onGate, ...refusal });
    expect(complaints([], [refused])).toEqual([
      'the operator may not patch gates (sluice.dev) in namespace shop: add the rule to the chart, or do without',
    ]);
  });

  test('lack nothing when a 403 is of admission, or of an API server that has not read its roles yet', () => {
    const rules = [{ ...gates, verbs: ['get'] }];
    const used = event({ objectRef: onGate });
    expect(complaints(rules, [used, event({ objectRef: onGate, ...refusal })])).toEqual([]);
    expect(complaints([], [event({ objectRef: onGate, responseStatus: { code: 403 } })])).toEqual([]);
  });

  test('lack nothing that was granted there another time: a restarted API server has not read its roles', () => {
    const refused = event({ verb: 'patch', objectRef: onGate, ...refusal });
    expect(complaints([], [refused, event({ verb: 'patch', objectRef: onGate })])).toEqual([]);
    const elsewhere = event({ verb: 'patch', objectRef: { ...onGate, namespace: 'elsewhere' } });
    expect(complaints([], [refused, elsewhere])).toHaveLength(1);
  });

  test.each([
    ['a verb', [{ ...gates, verbs: ['get', 'delete'] }], 'delete gates (sluice.dev)'],
    [
      'a resource',
      [{ ...gates, resources: ['gates', 'secrets'], verbs: ['get'] }],
      'get secrets (sluice.dev)',
    ],
    ['a wildcard', [{ ...gates, resources: ['*'], verbs: ['get'] }], 'get * (sluice.dev)'],
    ['a name', [{ ...gates, resourceNames: ['h'], verbs: ['get'] }], 'get gates (sluice.dev) named h'],
  ])('are too many with %s that was never used, in a complete run', (_, rules, says) => {
    const all = [{ ...gates, verbs: ['get'] }, ...rules];
    const requests = operatorRequests([event({ objectRef: onGate })]);
    const found = rightComplaints([roleOf(all)], requests, true);
    expect(found.filter((complaint) => complaint.includes(`allows to ${says}`))).toHaveLength(1);
    expect(rightComplaints([roleOf(all)], requests, false)).toEqual([]);
  });

  test('of a namespace are used there, and by the names that they give', () => {
    const used = operatorRequests([event(lease)]);
    const here = [{ ...leases, resourceNames: ['sluice'] }];
    expect(rightComplaints([roleOf(here, 'Role', 'sluice-system')], used, true)).toEqual([]);
    expect(rightComplaints([roleOf(here, 'Role', 'elsewhere')], used, true)).toHaveLength(1);
  });
});

describe('the reasons of Promotions', () => {
  const all = Object.keys(PROMOTION_REASONS).map((reason) => ({ reason, promotion: 'shop/p' }));

  test('are right when all that are declared were shown, and no others', () => {
    expect(reasonComplaints(all, true)).toEqual([]);
  });

  test('are named when they were shown and not declared, always', () => {
    const [complaint] = reasonComplaints([{ reason: 'Tired', promotion: 'shop/p' }], false);
    expect(complaint).toContain(
      'Promotion shop/p has shown the reason Tired, which is not in PROMOTION_REASONS',
    );
  });

  test('are named when they were declared and never shown, in a complete run', () => {
    const seen = all.filter(({ reason }) => reason !== 'Expired');
    expect(reasonComplaints(seen, true)).toEqual([expect.stringContaining('the reason Expired:')]);
    expect(reasonComplaints(seen, false)).toEqual([]);
  });
});
