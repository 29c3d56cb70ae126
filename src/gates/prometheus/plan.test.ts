import { describe, expect, test } from '@jest/globals';
import { type PrometheusSpec, prometheusSpec } from '../../api/v1alpha1/gate.ts';
import { ageQuery, validate } from './plan.ts';
import { BASE, COUNT } from './testing/server.ts';

describe('a spec that cannot be evaluated is refused with what to do', () => {
  test.each<[object, string]>([
    [{ query: 'up{a="{{ canary }}"}' }, 'query: Unknown variable {{ canary }}; there are'],
    [{ query: 'sum(rate(x[1m])' }, 'query: Syntax error in the query at character 16: it ends early'],
    [{ pass: 'value' }, 'pass: The result is a number, not true or false'],
    [{ fail: 'valeu > 1' }, 'fail: Unknown variable `valeu`; there are value, ageSeconds, samples, args'],
    [{ minSamples: { query: '{{ x }}', atLeast: 1 } }, 'minSamples.query: Unknown variable {{ x }}'],
    [{ minSamples: { query: 'x[5m]', atLeast: 1 } }, 'minSamples.query: The query gives a range'],
    [{ pass: 'samples > 50.0' }, 'pass: it reads samples; set minSamples, too'],
    [{ query: 'vector(1)', maxAgeSeconds: 5 }, 'query: it selects no series, so that its data has no age'],
    [{ address: 'ftp://prometheus' }, 'address: it is no http or https URL'],
    [{ address: 'http://me:secret@prometheus' }, 'address: credentials do not belong there'],
  ])('%j', (spec, message) => {
    const validation = validate(prometheusSpec.parse({ ...BASE, ...spec }));
    expect(validation).toEqual({ ok: false, message: expect.stringContaining(message) });
  });

  test('and what can, is not', () => {
    const spec: PrometheusSpec = prometheusSpec.parse({
      ...BASE,
      address: 'https://prometheus.example/team',
      fail: 'value > double(args.limit) || ageSeconds > 90',
      minSamples: { query: COUNT, atLeast: 50 },
      maxAgeSeconds: 60,
    });
    expect(validate(spec)).toEqual({ ok: true });
  });
});

test.each<[string, string | undefined]>([
  ['vector(1)', undefined],
  [
    'rate(x{a="b"}[5m] offset 1h)',
    'time() - min(label_replace(max(timestamp(x{a="b"})), "selector", "0", "", ""))',
  ],
])('the age of the data of %s is %s', (query, expected) => {
  expect(ageQuery(query)).toBe(expected);
});
