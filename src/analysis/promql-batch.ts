import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { rewrite } from './promql-rewrite.ts';
import { readString } from './promql-string.ts';

/** A query as one of many that differ in nothing but the values of labels. */
export interface Shape {
  text: string;
  /** Equal for queries that can perhaps be asked together. */
  key: string;
  /** What each selector asks of the labels whose values are no part of `key`. */
  values: ReadonlyMap<string, string>;
}

/** Many queries of one shape as one. */
export interface Merged {
  query: string;
  /** The labels by which the answer is told apart. */
  labels: readonly string[];
}

/**
 * The shape of a query: its text without the values of those labels that every selector compares with `=` to one
 * and the same value. Undefined when there is no such label, or the text does not parse.
 */
export function shapeOf(text: string): Shape | undefined {
  const selectors: Selector[] = [];
  let isSound = text.isWellFormed() && !text.includes('\0');
  parser.parse(text).iterate({
    enter({ node }) {
      if (node.type.isError) isSound = false;
      if (node.name === 'VectorSelector') selectors.push(equalities(node, text));
      return isSound;
    },
  });
  const values = new Map<string, string>();
  for (const { label, value } of selectors[0] ?? [])
    if (selectors.every((selector) => compares(selector, label, value))) values.set(label, value);
  if (!isSound || values.size === 0) return undefined;
  const literals = selectors.flat().filter(({ label }) => values.has(label));
  return { text, key: without(text, literals), values };
}

/** A comparison by `=` in a selector, and where its value stands. */
interface Equality {
  label: string;
  value: string;
  from: number;
  to: number;
}
type Selector = Equality[];

function compares(selector: Selector, label: string, value: string): boolean {
  const own = selector.filter((equality) => equality.label === label);
  return own.length > 0 && own.every((equality) => equality.value === value);
}

/** Labels that functions make and take away (`le`, `__name__`) tell nothing apart. */
function isPlain(label: string): boolean {
  return /^[a-zA-Z_]\w*$/.test(label) && !label.startsWith('__') && label !== 'le';
}

function equalities(selector: SyntaxNode, text: string): Selector {
  const matchers = selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return matchers.flatMap((matcher): Selector => {
    const literal = matcher.getChild('StringLiteral');
    const name = matcher.getChild('LabelName');
    if (!literal || !name || !matcher.getChild('MatchOp')?.getChild('EqlSingle')) return [];
    const label = text.slice(name.from, name.to);
    const value = readString(text.slice(literal.from, literal.to));
    if (value === undefined || !isPlain(label)) return [];
    return [{ label, value, from: literal.from, to: literal.to }];
  });
}

function without(text: string, literals: readonly Equality[]): string {
  let at = 0;
  let key = '';
  for (const { from, to } of literals) {
    key += `${text.slice(at, from)}\0`;
    at = to;
  }
  return key + text.slice(at);
}

/**
 * One query whose answer is that of all `shapes`, which have one key and no two of them the same values; undefined
 * when that cannot be proven (see promql-rewrite.ts).
 */
export function merge(shapes: readonly Shape[]): Merged | undefined {
  const [first] = shapes;
  if (first === undefined) return undefined;
  const labels = [...first.values.keys()].filter((label) =>
    shapes.some(({ values }) => values.get(label) !== first.values.get(label)),
  );
  if (labels.length === 0) return undefined;
  const query = rewrite(
    first.text,
    labels,
    shapes.map((shape) => valuesOf(shape, labels)),
  );
  return query === undefined ? undefined : { query, labels };
}

function valuesOf({ values }: Shape, labels: readonly string[]): string[] {
  return labels.map((label) => values.get(label) ?? '');
}

/** The answer of each of `shapes` out of the answer of all. Series that none of them asked for are dropped. */
export function split<T extends { labels: Readonly<Record<string, string>> }>(
  series: readonly T[],
  { labels }: Merged,
  shapes: readonly Shape[],
): T[][] {
  const found = Map.groupBy(series, (one) => JSON.stringify(labels.map((label) => one.labels[label] ?? '')));
  return shapes.map((shape) =>
    (found.get(JSON.stringify(valuesOf(shape, labels))) ?? []).map((one) => ({
      ...one,
      labels: Object.fromEntries(Object.entries(one.labels).filter(([label]) => !labels.includes(label))),
    })),
  );
}
