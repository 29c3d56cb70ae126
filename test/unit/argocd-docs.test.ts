import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { type Condition, type ConditionStatus, withConditions } from '../../src/api/v1alpha1/conditions.ts';
import { parseEnvironment, parseGate, parsePromotion, type RawObject } from '../../src/api/v1alpha1/parse.ts';
import { isPromotionReason, PROMOTION_REASONS, promotionConditions } from '../../src/api/v1alpha1/reasons.ts';
import type { Fate } from '../../src/decision/fate.ts';
import { PAGE, told } from '../harness/argocd-doc.ts';
import { ArgoCdLua, scriptOf } from '../harness/argocd-lua.ts';

/* docs/argocd.md tells every reason of this API, and the health that the scripts give it; its manifests are right. */

let lua: ArgoCdLua;
beforeAll(async () => {
  lua = await ArgoCdLua.start();
});

/** The health of an object with these conditions and nothing else. */
function healthOf(kind: Parameters<typeof told>[0], conditions: Condition[]): string {
  const object = { kind, metadata: { generation: 1 }, status: { observedGeneration: 1, conditions } };
  return lua.health(scriptOf(kind), object).status;
}

const conditionsOf = (...wanted: [string, string][]): Condition[] =>
  withConditions(
    [],
    wanted.map(([condition, reason]) => {
      const [type, status] = condition.split('=') as [string, ConditionStatus];
      return { type, status, reason, message: 'because' };
    }),
    1,
    '2026-01-01T00:00:00Z',
  );

describe('the page tells every reason, and tells it right', () => {
  test('of a Promotion', () => {
    const rows = told('Promotion');
    const plain = rows.filter((r) => r.condition === undefined);
    expect(plain.map((r) => r.reason).toSorted()).toEqual(Object.keys(PROMOTION_REASONS).toSorted());
    for (const { reason, condition, health } of rows) {
      if (!isPromotionReason(reason)) throw new Error(`${reason} is no reason`);
      const wanted = promotionConditions(reason, 'because', { pastDeadline: condition === 'Stalled=True' });
      const conditions = withConditions([], wanted, 1, '2026-01-01T00:00:00Z');
      expect([reason, condition, healthOf('Promotion', conditions)]).toEqual([reason, condition, health]);
      // Both tell the same: Suspended and Progressing are two words for what goes on.
      const kstatus = wanted.some((c) => c.type === 'Stalled') ? 'Degraded' : wanted[2]?.status;
      const same = { Degraded: 'Degraded', Healthy: 'True', Suspended: 'Unknown', Progressing: 'Unknown' };
      expect([reason, same[health as keyof typeof same]]).toEqual([reason, kstatus]);
    }
    expect(rows.filter((r) => r.condition).map((r) => r.reason)).toEqual(['AwaitingApproval', 'Holding']);
  });

  test('of a Decision', () => {
    const reasons: Record<Fate['reason'] | 'DecisionsNotTrusted', ConditionStatus> = {
      Used: 'True',
      NotTrusted: 'False',
      NotAuthorised: 'False',
      SelfApproval: 'False',
      WrongUID: 'False',
      WrongEnvironment: 'False',
      WrongGate: 'False',
      DigestMismatch: 'False',
      TooLate: 'False',
      Expired: 'False',
      DecisionsNotTrusted: 'Unknown',
    };
    expect(told('Decision').map((r) => [r.reason, r.condition])).toEqual(
      Object.entries(reasons).map(([reason, status]) => [reason, `Accepted=${status}`]),
    );
    for (const { reason, condition = '', health } of told('Decision'))
      expect([reason, healthOf('Decision', conditionsOf([condition, reason]))]).toEqual([reason, health]);
  });

  test('of a Gate', () => {
    for (const { reason, condition = '', health } of told('Gate'))
      expect([reason, healthOf('Gate', conditionsOf([condition, reason]))]).toEqual([reason, health]);
  });

  test('of an Environment', () => {
    for (const { reason, condition = '', health } of told('Environment')) {
      const others: [string, string][] = condition.startsWith('Ready') ? [] : [['Ready=True', 'Ready']];
      const conditions = conditionsOf(...others, [condition, reason]);
      expect([reason, healthOf('Environment', conditions)]).toEqual([reason, health]);
    }
  });
});

describe('the manifests of the page', () => {
  const objects = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, body = '']) =>
    parseAllDocuments(body).map((document): RawObject => document.toJS()),
  );
  const ours = objects.filter((o) => o.apiVersion === 'sluice.dev/v1alpha1');

  const named = (kind: string): string[] => ours.filter((o) => o.kind === kind).map((o) => o.metadata.name);

  test.each(ours.map((o): [string, RawObject] => [`${o.kind} ${o.metadata.name}`, o]))(
    '%s is one that this API takes',
    (_, object) => {
      const read = { Environment: parseEnvironment, Gate: parseGate, Promotion: parsePromotion };
      expect(read[object.kind as keyof typeof read](object)).toMatchObject({ ok: true });
    },
  );

  test('refer to each other, and none is a Decision', () => {
    expect([named('Environment'), named('Gate'), named('Decision')]).toEqual([['prod'], ['error-rate'], []]);
    expect(named('Promotion')).toEqual(['checkout-1.4.2-prod', 'checkout-1.4.2-prod']);
  });
});
