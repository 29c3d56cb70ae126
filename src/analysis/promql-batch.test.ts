import { describe, expect, test } from '@jest/globals';
import { checkQuery } from './promql.ts';
import { merge, type Shape, shapeOf, split } from './promql-batch.ts';

/** `template` with each of `values` in the place of X. */
function shapes(template: string, values: readonly string[] = ['a', 'b']): Shape[] {
  return values.map((value) => {
    const shape = shapeOf(template.replaceAll('X', value));
    if (shape === undefined) throw new Error(`${template} has no shape`);
    return shape;
  });
}

const merged = (template: string, values?: readonly string[]): string | undefined =>
  merge(shapes(template, values))?.query;

describe('queries that differ by a label are one query', () => {
  test.each([
    ['sum(x{h="X"})', 'sum by (h) (x{h=~"a|b"})'],
    ['sum(x{h=\'X\', ns="n"}) by (le)', 'sum(x{h=~"a|b", ns="n"}) by (h, le)'],
    ['max by () (x{h="X"})', 'max by (h) (x{h=~"a|b"})'],
    ['avg by (pod) (rate(x{h="X"}[5m] offset 1m))', 'avg by (h, pod) (rate(x{h=~"a|b"}[5m] offset 1m))'],
    [
      'histogram_quantile(0.99, sum by (le) (rate(x{h="X"}[5m])))',
      'histogram_quantile(0.99, sum by (h, le) (rate(x{h=~"a|b"}[5m])))',
    ],
    ['-(2 * sum(x{h="X"}) > bool 1)', '-(2 * sum by (h) (x{h=~"a|b"}) > bool 1)'],
    [
      'sum(x{h="X",c=~"5.."}) / sum(x{h="X"})',
      'sum by (h) (x{h=~"a|b",c=~"5.."}) / sum by (h) (x{h=~"a|b"})',
    ],
    ['sum(x{h="X"} / y{h="X"})', 'sum by (h) (x{h=~"a|b"} / y{h=~"a|b"})'],
    [
      'sum(x{h="X"}) or vector(0)',
      'sum by (h) (x{h=~"a|b"}) or (label_replace(vector(0), "h", "a", "", "") or label_replace(vector(0), "h", "b", "", ""))',
    ],
    [
      'time() - min(label_replace(max(timestamp(x{h="X"})), "selector", "0", "", ""))',
      'time() - min by (h) (label_replace(max by (h) (timestamp(x{h=~"a|b"})), "selector", "0", "", ""))',
    ],
    ['clamp(sum(round(x{h="X"}, 5)), 0, 1) # why', 'clamp(sum by (h) (round(x{h=~"a|b"}, 5)), 0, 1) # why'],
    ['sum(x{h="X", h="X", h!="c"})', 'sum by (h) (x{h=~"a|b", h=~"a|b", h!="c"})'],
  ])('%s', (template, query) => {
    expect(merged(template)?.replaceAll(/ +/g, ' ')).toBe(query);
    expect(checkQuery(query)).toEqual({});
  });

  test('by two labels, each of which has its own values', () => {
    const some = ['ns="n",h="a"', 'ns="n",h="b"', 'ns="m",h="a"'];
    expect(merged('sum(x{X}) or vector(1)', some)?.replaceAll(/ +/g, ' ')).toBe(
      'sum by (ns, h) (x{ns=~"n|m",h=~"a|b"}) or (' +
        'label_replace(label_replace(vector(1), "ns", "n", "", ""), "h", "a", "", "") or ' +
        'label_replace(label_replace(vector(1), "ns", "n", "", ""), "h", "b", "", "") or ' +
        'label_replace(label_replace(vector(1), "ns", "m", "", ""), "h", "a", "", ""))',
    );
  });

  test('values that mean something in a pattern or a replacement', () => {
    const query = merged('sum(x{h="X"}) or vector(0)', ['a.b|c', String.raw`\"\\`, '$1', '']);
    expect(query).toContain(String.raw`h=~"a\\.b\\|c|\"\\\\|\\$1|"`);
    expect(query).toContain(String.raw`"h", "$$1", "", ""`);
  });
});

describe('what is not proven is not merged', () => {
  test.each([
    ['the top has the labels itself', 'x{h="X"}'],
    ['it groups by the label already', 'sum by (h) (x{h="X"})'],
    ['without', 'sum without (pod) (x{h="X"})'],
    ['a parameter', 'topk(1, sum(x{h="X"}))'],
    ['quantile', 'quantile(0.9, x{h="X"})'],
    ['absent', 'absent(x{h="X"})'],
    ['absent_over_time', 'sum(absent_over_time(x{h="X"}[5m]))'],
    ['scalar', 'vector(scalar(x{h="X"}))'],
    ['a subquery', 'sum(max_over_time(x{h="X"}[5m:1m]))'],
    ['on', 'sum(x{h="X"}) / on () sum(y{h="X"})'],
    ['ignoring', 'sum(x{h="X"} / ignoring (code) y{h="X"})'],
    ['group_left', 'sum(x{h="X"} * on (pod) group_left y{h="X"})'],
    ['bool and on', 'sum(x{h="X"}) > bool on () sum(y{h="X"})'],
    ['series matched with groups', 'sum(x{h="X"} / sum(y{h="X"}))'],
    ['a number or a vector', 'sum(x{h="X"}) or 1'],
    ['label_replace that writes the label', 'sum(label_replace(x{h="X"}, "h", "c", "", ""))'],
    ['label_replace that reads the label', 'sum by (c) (label_replace(x{h="X"}, "c", "$1", "h", "(.*)"))'],
    ['label_join', 'sum(label_join(x{h="X"}, "c", "-", "d"))'],
    ['a fixed time', 'sum(x{h="X"} @ 5)'],
    ['anchored', 'sum(rate(x{h="X"}[5m] anchored))'],
    ['sort', 'sort(sum(x{h="X"}))'],
    ['a quoted label in the grouping', 'sum by ("h") (x{h="X"})'],
    ['a function with too many arguments', 'abs(sum(x{h="X"}), 1)'],
    ['too deep', `${'('.repeat(120)}sum(x{h="X"})${')'.repeat(120)}`],
    ['count_values', 'count_values("h", x{h="X"})'],
  ])('%s', (_, template) => {
    expect(merged(template)).toBeUndefined();
  });

  test.each([
    ['a selector without the label', 'sum(x{h="X"}) / sum(y)'],
    ['the value in a pattern, too', 'sum(x{h="X"}) / sum(y{h=~"X"})'],
    ['the metric name', 'sum({__name__="X"})'],
    ['le', 'sum(x{le="X"})'],
    ['a label with a quoted name', 'sum({"a.b"="X", c="d"})'],
    ['no labels', 'sum(x)'],
    ['two values of one label', 'sum(x{h="X"}) / sum(x{h="c"})'],
    ['two values in one selector', 'sum(x{h="X", h="c"})'],
    ['a syntax error', 'sum(x{h="X"}'],
    ['half a character', 'sum(x{h="\\xff", i="X\ud800"})'],
    ['NUL', 'sum(x{h="X"}) + \0'],
    ['ranges', 'sum(rate(x{h="c"}[Xm]))'],
  ])('the shapes differ or there is none: %s', (_, template) => {
    const [one, other] = ['1', '2'].map((value) => shapeOf(template.replaceAll('X', value)));
    expect(one === undefined || one.key !== other?.key).toBe(true);
  });

  test('a label that only some selectors compare is part of the shape, the others are not', () => {
    const template = 'sum(x{ns="n", h="X"}) / sum(y{h="X"})';
    expect(shapes(template)[0]?.key).toBe(shapes(template)[1]?.key);
    expect([...(shapes(template)[0]?.values ?? [])]).toEqual([['h', 'a']]);
    expect(shapeOf(template.replace('"n"', '"m"'))?.key).not.toBe(shapes(template)[0]?.key);
  });
});

test('the answer is told apart by exact values, and what nobody asked for is dropped', () => {
  const asked = ['ns="n",h="a"', 'ns="m",h="b"', 'ns="m",h=""', 'ns="o",h="a"'];
  const members = shapes('sum by (pod) (x{X})', asked);
  const all = merge(members);
  if (all === undefined) throw new Error('not merged');
  const series = [
    { labels: { ns: 'n', h: 'a', pod: 'p' }, value: 1 },
    { labels: { ns: 'n', h: 'a', pod: 'q' }, value: 2 },
    { labels: { ns: 'n', h: 'b' }, value: 3 },
    { labels: { ns: 'm', pod: 'p' }, value: Number.NaN },
  ];
  expect(split(series, all, members)).toEqual([
    [
      { labels: { pod: 'p' }, value: 1 },
      { labels: { pod: 'q' }, value: 2 },
    ],
    [],
    [{ labels: { pod: 'p' }, value: Number.NaN }],
    [],
  ]);
});
