import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, test } from '@jest/globals';
import { checkQuery } from '../../src/analysis/promql.ts';
import { DASHBOARD_QUERIES } from '../generate/dashboard-panels.ts';

/* The dashboard asks for what the operator has, in words that Prometheus understands. */

const metrics = join(import.meta.dirname, '../../src/metrics');
const registry = new Registry();
collectDefaultMetrics({ register: registry });
/** Names of the metrics of src/metrics, and of those that prom-client adds. */
const known = new Set([
  ...readdirSync(metrics)
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(metrics, file), 'utf8').matchAll(/name: '([a-z_]+)'/g)])
    .map(([, name = '']) => name),
  ...registry.getMetricsAsArray().map((m) => m.name),
]);

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
