import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface QueryError {
  /** One sentence that says what to do. */
  message: string;
  /** Characters before the error. */
  position: number;
}

/**
 * Whether a query can be sent at all: the grammar of Prometheus' own editor, and three things that are grammatical
 * but of no use to a gate. What only the server knows (a range function without a range) is left to preflight.
 */
export function checkQuery(text: string): { error?: QueryError } {
  const tree = parser.parse(text);
  let error: QueryError | undefined;
  tree.iterate({
    enter({ node }) {
      const message = error === undefined ? complaint(node, text) : undefined;
      if (message !== undefined) error = { message, position: node.from };
      return error === undefined;
    },
  });
  return error === undefined ? {} : { error };
}

function complaint(node: SyntaxNode, text: string): string | undefined {
  if (node.type.isError) {
    const near = text.slice(node.from, node.from + 20).trim();
    return `Syntax error in the query at character ${node.from + 1}: ${near === '' ? 'it ends early' : `near \`${near}\``}`;
  }
  if (node.name === 'StepInvariantExpr' && node.getChild('NumberDurationLiteral') !== null)
    return 'The query looks at a fixed time with `@`, where no release can change anything; remove that';
  if (node.name === 'DurationExpr' && node.firstChild?.name !== 'NumberDurationLiteralInDurationContext')
    return 'The query computes a duration, which Prometheus takes for experimental; write a literal such as 5m';
  if (node.name === 'PromQL' && isManyValued(node.firstChild))
    return 'The query gives a range of values or a string; aggregate it to one number, for example sum(rate(..[1m]))';
  return undefined;
}

const WRAPPERS = ['ParenExpr', 'OffsetExpr', 'StepInvariantExpr', 'AnchoredExpr', 'SmoothedExpr'];

function isManyValued(node: SyntaxNode | null): boolean {
  if (node === null) return false;
  if (WRAPPERS.includes(node.name)) return isManyValued(node.firstChild);
  return ['MatrixSelector', 'SubqueryExpr', 'StringLiteral'].includes(node.name);
}

/**
 * Seconds that the query looks back at most: its ranges, with those of nested subqueries added up, and offsets
 * on top. A sample can pass a step only when all of this lies in the step. The look-back of an instant
 * selector (5 min by default) is not in it: see `instantSelectors`.
 */
export function longestRangeSeconds(text: string): number {
  return reachSeconds(parser.parse(text).topNode, text);
}

function reachSeconds(node: SyntaxNode, text: string): number {
  let inner = 0;
  let own = 0;
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === 'OffsetDurationExpr') own += Math.max(0, durationSeconds(child, text));
    // The first duration is the range; a subquery's second one is its step.
    else if (child.name === 'DurationExpr') own ||= Math.max(0, durationSeconds(child, text));
    else inner = Math.max(inner, reachSeconds(child, text));
  }
  return inner + own;
}

const UNIT_SECONDS: Record<string, number> = {
  y: 31_536_000,
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

/** `5m`, `1h30m`, `300`, `-5m`. */
function durationSeconds(node: SyntaxNode, text: string): number {
  const literal = text.slice(node.from, node.to).replaceAll(/[\s()+]/g, '');
  const sign = literal.startsWith('-') ? -1 : 1;
  const digits = literal.replace(/^-/, '');
  const parts = [...digits.matchAll(/(\d+)(ms|[ywdhms])/g)];
  if (parts.length === 0) return sign * (Number(digits) || 0);
  return sign * parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
}

/**
 * The distinct series selectors of a query as instant selectors, without range, offset and `@`: what to take
 * timestamps of, to know how old the data behind an answer is.
 */
export function instantSelectors(text: string): string[] {
  const found = new Set<string>();
  parser.parse(text).iterate({
    enter({ name, from, to }) {
      if (name === 'VectorSelector') found.add(text.slice(from, to));
    },
  });
  return [...found];
}
