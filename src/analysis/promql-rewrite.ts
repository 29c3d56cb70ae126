import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { quoteRegex, readString, writeString } from './promql-string.ts';

/*
 * One query for many. K are the labels by which the queries differ, v the values that one of them asks for. Each
 * node of the syntax tree is rewritten so that one thing holds: of what the rewritten node gives, the part with
 * K = v is what the node gives in the query of v. In that query every node is one of
 *   number   the same for all queries;
 *   series   every element carries K = v, because every selector asks for it;
 *   groups   no element carries a label of K; rewritten, each carries K = v besides.
 * Functions that look at one element at a time, aggregations `by (.., K)` and the matching of equal label sets
 * never bring elements of different v together, so that they keep it. Matching series with groups would: K is on
 * one side only. Whatever is not named here is not rewritten.
 */
type Kind = 'number' | 'series' | 'groups';

/** What it is rewritten for, and what has been found to change so far. */
interface Context {
  text: string;
  labels: readonly string[];
  tuples: readonly (readonly string[])[];
  edits: { from: number; to: number; insert: string }[];
  depth: number;
}

/** More than anybody writes, and little enough for the stack. */
const DEEPEST = 100;

/** Of a range: one element for each series. */
const OVER_RANGE = new Set(
  (
    'rate irate increase delta idelta deriv changes resets avg_over_time min_over_time max_over_time ' +
    'sum_over_time count_over_time last_over_time present_over_time stddev_over_time stdvar_over_time'
  ).split(' '),
);
/** Of each element by itself, with so many numbers behind. */
const BY_ELEMENT: Record<string, readonly number[]> = {
  abs: [0],
  ceil: [0],
  floor: [0],
  sqrt: [0],
  exp: [0],
  ln: [0],
  log2: [0],
  log10: [0],
  sgn: [0],
  timestamp: [0],
  round: [0, 1],
  clamp: [2],
  clamp_min: [1],
  clamp_max: [1],
};
const AGGREGATIONS = new Set(['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group']);
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '^', 'atan2']);
const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<=']);
const SETS = new Set(['and', 'or', 'unless']);

/**
 * `text` for all values of `labels` at once: `tuples` has those of each query, no two alike. Undefined when it
 * cannot be proven that each query finds its own answer in that of all.
 */
export function rewrite(
  text: string,
  labels: readonly string[],
  tuples: readonly (readonly string[])[],
): string | undefined {
  const context: Context = { text, labels, tuples, edits: [], depth: 0 };
  const [top, ...more] = childrenOf(parser.parse(text).topNode);
  // Series would come with labels of K that the single answer has, too.
  if (top === undefined || more.length > 0 || kindOf(top, context) !== 'groups') return undefined;
  let query = text;
  for (const { from, to, insert } of context.edits.toSorted((a, b) => b.from - a.from))
    query = query.slice(0, from) + insert + query.slice(to);
  return query;
}

function kindOf(node: SyntaxNode, context: Context): Kind | undefined {
  if (context.depth >= DEEPEST) return undefined;
  context.depth++;
  const kind = kindOfNode(node, context);
  context.depth--;
  return kind;
}

function kindOfNode(node: SyntaxNode, context: Context): Kind | undefined {
  const children = childrenOf(node);
  const [first] = children;
  switch (node.name) {
    case 'NumberDurationLiteral':
      return 'number';
    case 'VectorSelector':
      return selector(node, context);
    case 'OffsetExpr':
      return first?.name === 'VectorSelector' ? selector(first, context) : undefined;
    case 'ParenExpr':
      return first && kindOf(first, context);
    case 'UnaryExpr':
      return children[1] && kindOf(children[1], context);
    case 'AggregateExpr':
      return aggregation(node, context);
    case 'FunctionCall':
      return call(node, context);
    case 'BinaryExpr':
      return binary(children, context);
    default:
      return undefined;
  }
}

function selector(node: SyntaxNode, { text, labels, tuples, edits }: Context): Kind | undefined {
  const found = new Set<string>();
  for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const [name, op, literal] = childrenOf(matcher);
    if (!name || !literal || !op?.getChild('EqlSingle')) continue;
    const at = labels.indexOf(textOf(name, text));
    if (at < 0) continue;
    found.add(textOf(name, text));
    const values = [...new Set(tuples.map((tuple) => tuple[at] ?? ''))];
    edits.push({
      from: op.from,
      to: literal.to,
      insert: `=~${writeString(values.map(quoteRegex).join('|'))}`,
    });
  }
  return found.size === labels.length ? 'series' : undefined;
}

function aggregation(node: SyntaxNode, context: Context): Kind | undefined {
  const { text, labels, edits } = context;
  const op = node.getChild('AggregateOp');
  const [body, ...more] = argumentsOf(node);
  const modifiers = node.getChildren('AggregateModifier');
  if (!op || !body || more.length > 0 || modifiers.length > 1) return undefined;
  if (!AGGREGATIONS.has(textOf(op, text).toLowerCase())) return undefined;
  const [modifier] = modifiers;
  if (modifier === undefined) edits.push({ from: op.to, to: op.to, insert: ` by (${labels.join(', ')}) ` });
  else {
    const grouping = modifier.getChild('By') && modifier.getChild('GroupingLabels');
    if (!grouping) return undefined;
    const own = childrenOf(grouping).map((child) =>
      child.name === 'LabelName' ? textOf(child, text) : undefined,
    );
    if (own.some((label) => label === undefined || labels.includes(label))) return undefined;
    const insert = labels.join(', ') + (own.length > 0 ? ', ' : '');
    edits.push({ from: grouping.from + 1, to: grouping.from + 1, insert });
  }
  const kind = kindOf(body, context);
  return kind === 'series' || kind === 'groups' ? 'groups' : undefined;
}

function call(node: SyntaxNode, context: Context): Kind | undefined {
  const identifier = node.getChild('FunctionIdentifier');
  if (!identifier) return undefined;
  const name = textOf(identifier, context.text);
  const args = argumentsOf(node);
  const [first, ...rest] = args;
  if (name === 'time') return first === undefined ? 'number' : undefined;
  if (first === undefined) return undefined;
  if (OVER_RANGE.has(name)) return rest.length === 0 ? range(first, context) : undefined;
  if (name === 'vector') return rest.length === 0 ? constant(node, first, context) : undefined;
  if (name === 'label_replace') return labelReplace(first, rest, context);
  if (name === 'histogram_quantile') {
    const [of, ...more] = rest;
    return of && more.length === 0 && kindOf(first, context) === 'number'
      ? elements(kindOf(of, context))
      : undefined;
  }
  if (!BY_ELEMENT[name]?.includes(rest.length)) return undefined;
  return rest.every((arg) => kindOf(arg, context) === 'number')
    ? elements(kindOf(first, context))
    : undefined;
}

/** A function of elements refuses a number. */
function elements(kind: Kind | undefined): Kind | undefined {
  return kind === 'number' ? undefined : kind;
}

function range(node: SyntaxNode, context: Context): Kind | undefined {
  const matrix = node.name === 'OffsetExpr' ? childrenOf(node)[0] : node;
  const of = matrix?.name === 'MatrixSelector' ? childrenOf(matrix)[0] : undefined;
  return of?.name === 'VectorSelector' ? selector(of, context) : undefined;
}

/** `vector(0)` is one element without labels in each query: one for each query, with its values. */
function constant(node: SyntaxNode, arg: SyntaxNode, context: Context): Kind | undefined {
  const { text, labels, tuples, edits } = context;
  if (kindOf(arg, context) !== 'number') return undefined;
  const one = (tuple: readonly string[]): string =>
    labels.reduce(
      (inner, label, i) => {
        // In a replacement `$` begins the name of a group.
        const value = writeString((tuple[i] ?? '').replaceAll('$', () => '$$'));
        return `label_replace(${inner}, "${label}", ${value}, "", "")`;
      },
      textOf(node, text),
    );
  edits.push({ from: node.from, to: node.to, insert: `(${tuples.map(one).join(' or ')})` });
  return 'groups';
}

/** Reads and writes one label of one element. */
function labelReplace(of: SyntaxNode, rest: readonly SyntaxNode[], context: Context): Kind | undefined {
  const strings = rest.map((arg) =>
    arg.name === 'StringLiteral' ? readString(textOf(arg, context.text)) : undefined,
  );
  const [to, , from] = strings;
  if (strings.length !== 4 || to === undefined || from === undefined || strings.includes(undefined))
    return undefined;
  return context.labels.includes(to) || context.labels.includes(from)
    ? undefined
    : elements(kindOf(of, context));
}

function binary(children: readonly SyntaxNode[], context: Context): Kind | undefined {
  const [left, op, ...rest] = children;
  const right = rest.pop();
  if (!left || !op || !right || rest.length > 1) return undefined;
  const isBool = rest[0]?.name === 'BoolModifier' && childrenOf(rest[0]).length <= 1;
  // `on`, `ignoring` and `group_left` say themselves what matches.
  if (rest.length === 1 && !isBool) return undefined;
  const [a, b] = [kindOf(left, context), kindOf(right, context)];
  if (a === undefined || b === undefined) return undefined;
  const name = textOf(op, context.text).toLowerCase();
  if (SETS.has(name)) return a === b && !isBool ? elements(a) : undefined;
  if (ARITHMETIC.has(name) ? isBool : !COMPARISONS.has(name)) return undefined;
  if (a === 'number' && b === 'number') return ARITHMETIC.has(name) ? 'number' : undefined;
  if (a === b || b === 'number') return a;
  return a === 'number' ? b : undefined;
}

function argumentsOf(node: SyntaxNode): SyntaxNode[] {
  const body = node.getChild('FunctionCallBody');
  return body ? childrenOf(body) : [];
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') children.push(child);
  return children;
}

function textOf(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}
