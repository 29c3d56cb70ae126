import { celEnv, celFunc, CelScalar, isCelError, listType, mapType, parse, plan } from '@bufbuild/cel';
import type { CelInput, CelType, CelValue } from '@bufbuild/cel';
import { partsOf, refusalOfText, survey } from './cel-bounds.ts';
import type { Expr } from './cel-bounds.ts';

/** A condition that cannot be used, or could not be judged; `message` says what to write instead. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly code = 'ExpressionError';
}

/** `map` is map(string, string), `list` is list(string); `dyn` is anything, and nothing of it is checked early. */
export type VariableType = 'double' | 'int' | 'string' | 'bool' | 'map' | 'list' | 'dyn';

/** A compiled CEL condition; it may be evaluated any number of times. */
export interface Condition {
  readonly text: string;
  /** The declared variables that it reads. */
  readonly uses: ReadonlySet<string>;
  /** Throws ExpressionError when a variable has no value, when the result is no bool, or when CEL fails. */
  evaluate(vars: Readonly<Record<string, unknown>>): boolean;
}

export const LONGEST_EXPRESSION = 1024;

/** Stands in for `args` while types are tried out: it has every key, and the value converts to a number. */
class AnyKey extends Map<string, string> {
  override get(): string {
    return '1';
  }
  override has(): boolean {
    return true;
  }
}

/** For each type what CEL calls it, and a value on which the types of an expression are tried out. */
const TYPES: Record<VariableType, { cel: CelType; sample: CelInput }> = {
  double: { cel: CelScalar.DOUBLE, sample: 1.5 },
  int: { cel: CelScalar.INT, sample: 1n },
  string: { cel: CelScalar.STRING, sample: '1' },
  bool: { cel: CelScalar.BOOL, sample: true },
  map: { cel: mapType(CelScalar.STRING, CelScalar.STRING), sample: new AnyKey() },
  list: { cel: listType(CelScalar.STRING), sample: ['1'] },
  dyn: { cel: CelScalar.DYN, sample: null },
};

/**
 * The library takes `double("abc")` for NaN and `double("")` for 0, so that a misspelt limit would decide a
 * release; cel-go refuses both, and so do these.
 */
const STRICT = [
  celFunc('double', [CelScalar.STRING], CelScalar.DOUBLE, (text) => {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text))
      throw new Error(`double() of ${quoted(text)}: no number`);
    return Number(text);
  }),
  celFunc('int', [CelScalar.STRING], CelScalar.INT, (text) => {
    if (!/^[+-]?\d{1,18}$/.test(text)) throw new Error(`int() of ${quoted(text)}: no whole number`);
    return BigInt(text);
  }),
];

/** Names of types are identifiers in CEL: `type(value) == double`. */
const TYPE_NAMES = 'bool bytes double duration int list map null_type string timestamp type uint'.split(' ');

/**
 * Compiles a CEL condition over declared variables. Throws ExpressionError for what can be known before any
 * value is: bad syntax, an unknown variable, a result that is no bool, operands that do not go together
 * (`value > "x"`), and anything whose cost is not bounded by its text.
 */
export function compileCondition(text: string, variables: Readonly<Record<string, VariableType>>): Condition {
  if (text.length > LONGEST_EXPRESSION)
    throw new ExpressionError(
      `The expression has ${text.length} characters; at most ${LONGEST_EXPRESSION} are allowed`,
    );
  const refusedText = refusalOfText(text);
  if (refusedText !== undefined) throw new ExpressionError(`The expression is refused: ${refusedText}`);
  const root = parsed(text);
  const { names, refusal } = survey(root);
  if (refusal !== undefined) throw new ExpressionError(`The expression is refused: ${refusal}`);
  const known = Object.keys(variables);
  for (const name of names)
    if (!known.includes(name) && !TYPE_NAMES.includes(name))
      throw new ExpressionError(`Unknown variable ${quoted(name)}; there are ${known.join(', ')}`);
  const env = celEnv({ variables: mapValues(variables, (type) => TYPES[type].cel), funcs: STRICT });
  tryTypes(root);
  const run = plan(env, root);
  return {
    text,
    uses: new Set(known.filter((name) => names.has(name))),
    evaluate(vars) {
      const values = Object.entries(variables).flatMap(([name, type]) => {
        const value = toCel(vars[name], type);
        return value === undefined ? [] : [[name, value] as const];
      });
      const value = run(Object.fromEntries(values));
      if (isCelError(value)) throw new ExpressionError(explain(value.message));
      if (typeof value !== 'boolean') throw new ExpressionError(notBool(value));
      return value;
    },
  };

  // The library has a type checker but does not export it (0.6.1). Every part is therefore evaluated once on a
  // stand-in value of each type: a part that finds no overload there will find none on real values either.
  function tryTypes(root: Expr): void {
    const stand = mapValues(variables, (type) => TYPES[type].sample);
    const isTyped = (part: Expr): boolean =>
      [...survey(part).names].every((name) => variables[name] !== 'dyn');
    for (const part of partsOf(root).filter(isTyped)) {
      const value = plan(env, part)(stand);
      if (isCelError(value) && /no matching overload|unbound function/.test(value.message))
        throw new ExpressionError(explain(value.message));
    }
    for (const truth of truthsOf(root).filter(isTyped)) {
      const value = plan(env, truth)(stand);
      if (!isCelError(value) && typeof value !== 'boolean') throw new ExpressionError(notBool(value));
    }
  }
}

function parsed(text: string): Expr {
  try {
    return parse(text).expr;
  } catch (error) {
    if (error instanceof RangeError)
      throw new ExpressionError('The expression is nested too deeply; write it flatter', { cause: error });
    // `<input>:1:7: found .. but expecting ..`, a list of every token there is.
    const [, line, column, found] =
      /^<input>:(\d+):(\d+): (.*?)(?: but expecting|$)/s.exec(error instanceof Error ? error.message : '') ??
      [];
    throw new ExpressionError(
      `Syntax error at line ${line ?? 1}, column ${column ?? 1}: ${found ?? 'not understood'}; an example: value <= 0.01`,
      { cause: error },
    );
  }
}

/** The parts that have to be true or false for the whole to be: branches, operands of && and ||, else the root. */
function truthsOf(root: Expr): Expr[] {
  const kind = root.exprKind;
  if (kind.case !== 'callExpr') return [root];
  if (kind.value.function === '_?_:_') return kind.value.args.slice(1).flatMap(truthsOf);
  if (kind.value.function === '_&&_' || kind.value.function === '_||_')
    return kind.value.args.flatMap(truthsOf);
  return [root];
}

function toCel(value: unknown, type: VariableType): CelInput | undefined {
  if (type === 'int' && typeof value === 'number') return BigInt(Math.trunc(value));
  // A plain object would be taken for a protobuf message.
  if (type === 'map' && typeof value === 'object' && value !== null && !(value instanceof Map))
    return new Map(Object.entries(value));
  return isInput(value) ? value : undefined;
}

function isInput(value: unknown): value is CelInput {
  if (value === null || Array.isArray(value) || value instanceof Map) return true;
  return ['boolean', 'bigint', 'number', 'string'].includes(typeof value);
}

function notBool(value: CelValue): string {
  const names: Record<string, string> = { number: 'a number', bigint: 'a number', string: 'a string' };
  const found = names[typeof value] ?? 'no condition';
  return `The result is ${found}, not true or false; write a comparison, for example value <= 0.01`;
}

/** What CEL says, with what to do about it where that is known. */
function explain(message: string): string {
  const overload = /overload for '([^']*)' applied to '([^']*)'/.exec(message);
  if (overload !== null) {
    const operator = (overload[1] ?? '').replaceAll('_', '');
    return `${quoted(operator)} does not take ${overload[2]}; in arithmetic write 100.0 for 100, and convert arguments: double(args.limit)`;
  }
  const missing = /^(?:field not found|no such key): (.*)$/.exec(message)?.[1];
  if (missing !== undefined) return `There is no ${quoted(missing)}; add it, or ask has(args.name) first`;
  const unbound = /^unbound function: (.*)$/.exec(message)?.[1];
  if (unbound !== undefined)
    return `There is no function ${quoted(unbound)}; CEL has double(), int(), size(), has(), in, startsWith() ..`;
  if (message.startsWith('unresolved attribute')) return 'A variable of the expression has no value here';
  return `CEL: ${message}`;
}

function quoted(name: string): string {
  return `\`${name.slice(0, 64)}\``;
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  to: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value, key)]));
}
