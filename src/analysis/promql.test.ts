import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { checkQuery, instantSelectors, longestRangeSeconds } from './promql.ts';

const RATIO = `(sum(rate(http_requests_total{hash="abc",code=~"5.."}[1m])) or vector(0))
  / sum(rate(http_requests_total{hash="abc"}[1m]))`;

describe('a query that can be sent', () => {
  test.each([
    RATIO,
    'vector(1)',
    '0.5',
    'histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m]))) * 1000',
    '{"http.requests", code="500"}',
    'max_over_time(sum(rate(x[1m]))[1h:30s])',
    'x offset 1d',
    'x @ end()',
    'sum(rate(x[300]))',
    '# why\nup',
  ])('%s', (query) => {
    expect(checkQuery(query)).toEqual({});
  });
});

describe('a query that cannot', () => {
  test.each<[string, string, number]>([
    ['', 'Syntax error in the query at character 1: it ends early', 0],
    ['sum(rate(x[5m])', 'Syntax error in the query at character 16: it ends early', 15],
    ['sum(rate(x[5m]))) > 1', 'Syntax error in the query at character 17: near `) > 1`', 16],
    ['x{a="b', 'it ends early', 6],
    ['rate(x[1.5m])', 'near `m])`', 10],
    ['select 1 from x', 'near `1 from x`', 7],
    ['sum(x @ 1600000000)', 'looks at a fixed time with `@`', 4],
    ['rate(x[5m * 2])', 'write a literal such as 5m', 7],
    ['x[5m]', 'aggregate it to one number', 0],
    ['(x[5m] offset 1m)', 'aggregate it to one number', 0],
    ['rate(x[1m])[1h:1m]', 'aggregate it to one number', 0],
    ['"text"', 'aggregate it to one number', 0],
  ])('%s', (query, message, position) => {
    expect(checkQuery(query).error).toEqual({ message: expect.stringContaining(message), position });
  });
});

test.each<[string, number]>([
  [RATIO, 60],
  ['up', 0],
  ['rate(x[1h30m5s500ms])', 5405.5],
  ['rate(x[90])', 90],
  ['rate(x[1m]) / rate(y[10m])', 600],
  ['rate(x[1m] offset 5m)', 360],
  ['rate(x[5m] offset -1m)', 300],
  ['up offset 1w', 604_800],
  ['max_over_time(rate(x[5m])[1h:2h])', 3900],
  ['max_over_time(rate(x[5m] offset 1m)[1h:30s] offset 10m)', 300 + 60 + 3600 + 600],
  ['avg_over_time(max_over_time(x[1m])[10m:])', 660],
  ['avg_over_time(max_over_time(rate(x[1m])[10m:])[1h:])', 60 + 600 + 3600],
])('%s looks back %d seconds', (query, seconds) => {
  expect(longestRangeSeconds(query)).toBe(seconds);
});

test.each<[string, string[]]>([
  [RATIO, ['http_requests_total{hash="abc",code=~"5.."}', 'http_requests_total{hash="abc"}']],
  ['x offset 5m / x @ end() + rate(x[5m])', ['x']],
  ['{"a.b", c=\'d\'} + a:b:c', ['{"a.b", c=\'d\'}', 'a:b:c']],
  ['vector(1) > time()', []],
  ['max_over_time(rate(x{a="b"}[5m])[1h:] offset 1m)', ['x{a="b"}']],
])('%s selects %j', (query, selectors) => {
  expect(instantSelectors(query)).toEqual(selectors);
});

test('any text is answered, and an accepted query keeps its selectors parseable', () => {
  const pieces = [
    'sum(',
    'rate(',
    'x',
    '{a="b"}',
    '[5m]',
    ')',
    '/',
    ' offset ',
    '5m',
    '(',
    '[1h:]',
    '"',
    '1',
    '@',
    ',',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (chosen) => {
      const query = chosen.join('');
      expect(longestRangeSeconds(query)).toBeGreaterThanOrEqual(0);
      if (checkQuery(query).error !== undefined) return;
      for (const selector of instantSelectors(query))
        expect(checkQuery(`timestamp(${selector})`)).toEqual({});
    }),
  );
});
