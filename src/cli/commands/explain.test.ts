import { describe, expect, test } from '@jest/globals';
import type { AuditRecord, Rule } from '../../audit/records.ts';
import { append } from '../../audit/chain.ts';
import type { Promotion } from '../../api/v1alpha1/types.ts';
import { explained } from './explain.ts';

const AT = '2026-01-01T00:00:00.000Z';
const RULE: Rule = {
  kind: 'prometheus',
  pass: 'value <= 0.05',
  fail: 'value > 0.05',
  args: {},
  count: 1,
  failureLimit: 0,
};
const verdict = (more: object): AuditRecord => ({
  kind: 'Verdict',
  gate: 'error-rate',
  when: 'During',
  target: 'checkout',
  step: 1,
  verdict: 'Pass',
  value: 0.01,
  message: 'value 0.01 <= 0.05',
  recent: ['Pass'],
  rule: RULE,
  ...more,
});

const approve = (by: string): AuditRecord => ({
  kind: 'Decision',
  name: `${by}-approves`,
  uid: by,
  by,
  verdict: 'Approve',
  gate: 'cab',
});

function told(...records: AuditRecord[]): ReturnType<typeof explained> {
  const metadata = {
    name: 'p',
    namespace: 'shop',
    uid: 'p-uid',
    resourceVersion: '1',
    creationTimestamp: AT,
  };
  const promotion: Promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata,
    spec: { environment: 'prod', revision: { images: [] } },
    status: {
      targets: [{ name: 'checkout', state: 'Analysing', since: AT, steps: 4 }],
      audit: { records: append('p-uid', undefined, AT, records) },
    },
  };
  return explained(promotion);
}

describe('sluice explain', () => {
  test('tells what happened, and judges each verdict again', () => {
    const { text, exit } = told(
      { kind: 'State', reason: 'Analysing', message: 'judging' },
      verdict({}),
      verdict({ verdict: 'Fail', value: 0.2, failures: 1, recent: ['Fail'] }),
    );
    expect(exit).toBe(0);
    expect(text).toContain('Analysing: judging');
    expect(text).toContain('agrees: value 0.2: `value <= 0.05` is false, `value > 0.05` is true');
    expect(text).toContain('every verdict follows from its record\nthe chain holds');
  });

  test('steps are counted as in every other message: from 1, and then full promotion', () => {
    const { text } = told(verdict({ step: 1 }), verdict({ step: 4, verdict: 'Inconclusive', recent: [] }));
    expect(text).toContain('gate error-rate on checkout, During, step 2 of 4: Pass');
    expect(text).toContain('gate error-rate on checkout, During, full promotion: Inconclusive');
  });

  test('a verdict that does not follow from its record is found', () => {
    const { text, exit } = told(verdict({ value: 0.2 }));
    expect(exit).toBe(1);
    expect(text).toContain('DOES NOT AGREE');
    expect(text).toContain('1 of the verdicts does not follow from its record');
  });

  test('a program gets each record, what judging it again came to, and the conclusion', () => {
    const { data } = told(
      { kind: 'State', reason: 'Analysing', message: 'judging' },
      verdict({ value: 0.2 }),
    );
    expect(data).toMatchObject({
      namespace: 'shop',
      promotion: 'p',
      records: [
        { seq: 1, at: AT, kind: 'State', reason: 'Analysing' },
        { seq: 2, at: AT, kind: 'Verdict', gate: 'error-rate', rejudged: { agrees: false } },
      ],
      disagreed: 1,
      unjudged: 0,
      faults: [],
    });
  });

  test('what cannot be judged again is not said to follow', () => {
    const { text, exit } = told(
      verdict({}),
      verdict({ rule: undefined }),
      verdict({ rule: { ...RULE, pass: 'ageSeconds < 60.0' } }),
    );
    expect(exit).toBe(0);
    expect(text).toContain('cannot be judged again: what it was judged by is not on record');
    expect(text).toContain('the age of the data');
    expect(text).toContain('every verdict that can be judged again follows from its record, and 2 cannot be');
  });

  test('an approval needs as many persons on record as it asked for', () => {
    const passed = verdict({
      gate: 'cab',
      when: 'Before',
      target: '*',
      rule: { kind: 'approval', required: 2 },
    });
    expect(told(approve('bob'), approve('carol'), passed).exit).toBe(0);
    expect(told(approve('bob'), passed).text).toContain('DOES NOT AGREE: bob: 1 of 2');
  });
});
