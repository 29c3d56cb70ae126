import { describe, expect, test } from '@jest/globals';
import { checkQuery } from '../../src/analysis/promql.ts';
import { DASHBOARD_QUERIES } from '../generate/dashboard-panels.ts';
import { knownMetrics } from '../harness/known-metrics.ts';

/* The dashboard asks for what the operator has, in words that Prometheus understands. */

const known = knownMetrics();

describe.each(DASHBOARD_QUERIES)('%s', (query) => {
  const text = query.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*');

  test('is PromQL', () => {
    expect(checkQuery(text).error).toBeUndefined();
  });

  test('asks for metrics that there are', () => {
    const names = [...text.matchAll(/([a-z][a-z0-9_]*)\{/g)].map(([, name = '']) =>
      name.replace(/_bucket$/, ''),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});
