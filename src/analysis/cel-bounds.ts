import type { parse } from '@bufbuild/cel';

/** A node of the parsed tree, as the CEL specification defines it (cel.expr.Expr). */
export type Expr = ReturnType<typeof parse>['expr'];

/** What a condition may cost: deeper or dearer than this it is refused before it is ever run. */
export const DEEPEST = 64;
export const DEAREST = 4096;
/** A map or list that comes in from outside is counted as if it had so many entries. */
const ASSUMED_ENTRIES = 64;

/**
 * Literals and comments, as the grammar of CEL has them: raw ones first, in which a backslash is itself. What is
 * no whole literal stays, and the parser refuses it anyway.
 */
const LITERALS =
  /\b(?:[bB]?[rR]|[rR][bB])(?:"""[^]*?"""|'''[^]*?'''|"[^"\r\n]*"|'[^'\r\n]*')|"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'|\/\/[^\r\n]*/g;

/**
 * Why an expression may not even be parsed, or undefined. The parser of the library takes more than a second for
 * 500 brackets that are not closed, and nothing can interrupt it.
 */
export function refusalOfText(text: string): string | undefined {
  let open = 0;
  for (const [bracket] of text.replaceAll(LITERALS, '').matchAll(/[()[\]{}]/g)) {
    open = '([{'.includes(bracket) ? open + 1 : Math.max(0, open - 1);
    if (open > DEEPEST) return TOO_DEEP;
  }
  return undefined;
}

const TOO_DEEP = `it is nested deeper than ${DEEPEST} levels; write it flatter`;

export interface Survey {
  /** Names that the expression takes from outside. */
  names: Set<string>;
  /** Why the expression must not run, in words for who wrote it; absent when it may. */
  refusal?: string;
}

/**
 * Reads an expression without running it. Conditions are written by tenants and run in the one thread of the
 * operator, where nothing can interrupt them: so the bound is on the text, not on the time. Macros must not
 * nest, because a chain of `.map(x, x + x)` doubles its data at every link (22 links in 350 characters took
 * 5.5 s), and patterns are left out, because even a linear engine needs 150 ms for one long pattern.
 */
export function survey(root: Expr): Survey {
  const names = new Set<string>();
  let refusal: string | undefined;

  const visit = (node: Expr | undefined, depth: number, local: readonly string[]): number => {
    if (node === undefined || refusal !== undefined) return 0;
    if (depth > DEEPEST) {
      refusal = `it is nested deeper than ${DEEPEST} levels; write it flatter`;
      return 0;
    }
    const all = (nodes: readonly (Expr | undefined)[]): number =>
      nodes.reduce((sum, child) => sum + visit(child, depth + 1, local), 1);
    const kind = node.exprKind;
    switch (kind.case) {
      case 'identExpr':
        if (!local.includes(kind.value.name)) names.add(kind.value.name);
        return 1;
      case 'selectExpr':
        return all([kind.value.operand]);
      case 'callExpr':
        if (kind.value.function === 'matches')
          refusal = '`matches` is not available; compare with ==, in, startsWith, endsWith or contains';
        return all([kind.value.target, ...kind.value.args]);
      case 'listExpr':
        return all(kind.value.elements);
      case 'structExpr':
        return all(
          kind.value.entries.flatMap((e) => [
            e.keyKind.case === 'mapKey' ? e.keyKind.value : undefined,
            e.value,
          ]),
        );
      case 'comprehensionExpr': {
        if (local.length > 0 || holdsMacro(kind.value.iterRange)) {
          refusal = 'one macro (all, exists, map, filter ..) works on another; use one at a time';
          return 0;
        }
        const { iterRange, iterVar, iterVar2, accuVar, accuInit, loopCondition, loopStep, result } =
          kind.value;
        const inner = [iterVar, iterVar2, accuVar];
        const once = all([iterRange, accuInit]);
        const each = [loopCondition, loopStep].reduce((sum, n) => sum + visit(n, depth + 1, inner), 0);
        return once + entriesOf(iterRange) * each + visit(result, depth + 1, inner);
      }
      case 'constExpr':
      case undefined:
    }
    return 1;
  };

  const cost = visit(root, 1, []);
  if (cost > DEAREST) refusal ??= 'it works through too many list elements; shorten the list or the macro';
  return refusal === undefined ? { names } : { names, refusal };
}

function entriesOf(range: Expr | undefined): number {
  const kind = range?.exprKind;
  if (kind?.case === 'listExpr') return kind.value.elements.length;
  if (kind?.case === 'structExpr') return kind.value.entries.length;
  return ASSUMED_ENTRIES;
}

function holdsMacro(node: Expr | undefined): boolean {
  return node !== undefined && partsOf(node).some((part) => part.exprKind.case === 'comprehensionExpr');
}

/**
 * `node` and every node below it that can be evaluated by itself: all but the inside of macros, whose
 * variables exist only there.
 */
export function partsOf(node: Expr): Expr[] {
  const kind = node.exprKind;
  let children: (Expr | undefined)[] = [];
  if (kind.case === 'selectExpr') children = [kind.value.operand];
  else if (kind.case === 'callExpr') children = [kind.value.target, ...kind.value.args];
  else if (kind.case === 'listExpr') children = kind.value.elements;
  else if (kind.case === 'structExpr') children = kind.value.entries.map((e) => e.value);
  return [node, ...children.flatMap((child) => (child === undefined ? [] : partsOf(child)))];
}
