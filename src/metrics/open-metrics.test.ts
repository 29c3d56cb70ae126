import { describe, expect, test } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { toOpenMetrics, wantsOpenMetrics } from './open-metrics.ts';

describe('whoever reads', () => {
  test.each([
    // As Prometheus 3 asks.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.2',
      true,
    ],
    ['application/openmetrics-text', true],
    ['text/plain, application/openmetrics-text;q=0', false],
    ['text/plain;version=0.0.4', false],
    ['*/*', false],
    [undefined, false],
  ])('who accepts %s gets OpenMetrics: %s', (accept, wants) => {
    expect(wantsOpenMetrics(accept)).toBe(wants);
  });
});

test('figures of every kind are said in OpenMetrics, and stay as they are for others', async () => {
  const registers = [new Registry()];
  const [registry] = registers;
  new Counter({ name: 'a_total', help: 'One "a".', labelNames: ['x'], registers }).inc({ x: 'a\n"b"' }, 2);
  new Counter({ name: 'bare', help: 'One without the ending.', registers }).inc();
  new Gauge({ name: 'b_total_now', help: 'A gauge.', registers }).set(Number.NaN);
  new Histogram({ name: 'c_seconds', help: 'Times.', buckets: [0.5], registers }).observe(0.1);
  const plain = (await registry?.metrics()) ?? '';
  expect(toOpenMetrics(plain).split('\n')).toEqual([
    String.raw`# HELP a One \"a\".`,
    '# TYPE a counter',
    String.raw`a_total{x="a\n\"b\""} 2`,
    '# HELP bare One without the ending.',
    '# TYPE bare counter',
    'bare_total 1',
    '# HELP b_total_now A gauge.',
    '# TYPE b_total_now gauge',
    'b_total_now Nan',
    '# HELP c_seconds Times.',
    '# TYPE c_seconds histogram',
    'c_seconds_bucket{le="0.5"} 1',
    'c_seconds_bucket{le="+Inf"} 1',
    'c_seconds_sum 0.1',
    'c_seconds_count 1',
    '# EOF',
    '',
  ]);
  expect(await registry?.metrics()).toBe(plain);
});
