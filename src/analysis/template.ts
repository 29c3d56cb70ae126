/** A template that cannot be used, or not with these values; `message` says what to write instead. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code = 'TemplateError';
}

/** What a query may name. */
export interface TemplateVars {
  targetNamespace: string;
  rollout: string;
  target: string;
  environment: string;
  promotion: string;
  /** Pod template hashes of the new and of the recorded version. */
  canaryHash: string;
  stableHash: string;
  /** Percent of traffic, an integer. */
  weight: number;
  /** Whole seconds since the step settled. */
  stepSeconds: number;
  args: Readonly<Record<string, string>>;
}

export interface Template {
  readonly text: string;
  /** The variables in it, `args.<name>` for arguments. */
  readonly uses: ReadonlySet<string>;
  /** The query. Throws TemplateError when an argument is missing or a value does not fit where it stands. */
  render(vars: TemplateVars): string;
}

const STRINGS = [
  'targetNamespace',
  'rollout',
  'target',
  'environment',
  'promotion',
  'canaryHash',
  'stableHash',
] as const;
const INTEGERS = ['weight', 'stepSeconds'] as const;
const KNOWN = [...STRINGS, ...INTEGERS, 'args.<name>'].join(', ');

type Quote = '"' | "'";
/** Where a variable stands: inside a string, inside the string of a regular expression, or in the open. */
interface Variable {
  name: string;
  quote: Quote | undefined;
  isRegex: boolean;
}

/**
 * Parses a PromQL query with `{{ name }}` in it. A value can only ever become part of the string that it stands
 * in, or a number or duration in the open: nothing a value contains changes the query's structure. Throws
 * TemplateError for an unknown variable, an unclosed brace, and where a value could not be kept apart.
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Variable)[] = [];
  let literal = '';
  let quote: Quote | '`' | undefined;
  let isRegex = false;
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (text.startsWith('{{', at)) {
      const end = text.indexOf('}}', at);
      if (end < 0) throw new TemplateError(`The {{ at character ${at + 1} has no }}`);
      parts.push(literal, variableOf(text.slice(at + 2, end), quote, isRegex));
      literal = '';
      at = end + 2;
      continue;
    }
    if (quote === undefined && char === '#') {
      // A comment ends at the end of its line, which a value could contain: comments are not sent.
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (quote !== undefined && quote !== '`' && char === '\\') {
      literal += escapeAt(text, at);
      at += escapeAt(text, at).length;
      continue;
    }
    if (quote === undefined && (char === '"' || char === "'" || char === '`')) {
      quote = char;
      isRegex = /[=!]~\s*$/.test(literal);
    } else if (char === quote) quote = undefined;
    literal += char;
    at++;
  }
  parts.push(literal);
  const variables = parts.filter((part) => typeof part !== 'string');
  return {
    text,
    uses: new Set(variables.map(({ name }) => name)),
    render: (vars) => parts.map((part) => (typeof part === 'string' ? part : rendered(part, vars))).join(''),
  };
}

/** An escape sequence of a PromQL string, whole, because a value must not become the end of one. */
function escapeAt(text: string, at: number): string {
  const kind = text.charAt(at + 1);
  const digits = { x: 2, u: 4, U: 8 }[kind] ?? (/[0-7]/.test(kind) ? 2 : 0);
  const sequence = text.slice(at, at + 2 + digits);
  if (sequence.includes('{'))
    throw new TemplateError(`The \\ at character ${at + 1} runs into a variable; finish the escape first`);
  return sequence;
}

function variableOf(inner: string, quote: Quote | '`' | undefined, isRegex: boolean): Variable {
  const name = inner.trim();
  const isArg = /^args\.[A-Za-z_][A-Za-z0-9_-]*$/.test(name);
  const isNumber = INTEGERS.some((known) => known === name);
  if (!isArg && !isNumber && !STRINGS.some((known) => known === name))
    throw new TemplateError(`Unknown variable {{ ${name.slice(0, 64)} }}; there are ${KNOWN}`);
  if (quote === '`')
    throw new TemplateError(
      `{{ ${name} }} stands in backticks, where nothing can be escaped; use double quotes`,
    );
  if (quote === undefined && !isArg && !isNumber)
    throw new TemplateError(`{{ ${name} }} stands outside of a string; write it in double quotes`);
  return { name, quote, isRegex };
}

function rendered({ name, quote, isRegex }: Variable, vars: TemplateVars): string {
  const value = valueOf(name, vars);
  if (quote === undefined) {
    if (/^-?\d+(\.\d+)?$|^(\d+(ms|[smhdwy]))+$/.test(value)) return value;
    throw new TemplateError(`{{ ${name} }} stands outside of a string and is no number or duration`);
  }
  // A name means itself in a regular expression, `a.b` does not match `axb`; an argument may be a pattern.
  const meant =
    isRegex && !name.startsWith('args.') ? value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&') : value;
  return escaped(meant, quote);
}

function valueOf(name: string, vars: TemplateVars): string {
  for (const known of STRINGS) if (name === known) return vars[known];
  for (const known of INTEGERS) {
    if (name !== known) continue;
    if (!Number.isSafeInteger(vars[known])) throw new TemplateError(`{{ ${name} }} is no integer`);
    return String(vars[known]);
  }
  const arg = name.slice('args.'.length);
  // `in` would find `constructor`.
  const value = Object.hasOwn(vars.args, arg) ? vars.args[arg] : undefined;
  if (value === undefined)
    throw new TemplateError(`There is no argument for {{ ${name} }}; give it where the gate is bound`);
  return value;
}

/** `value` inside a PromQL string with that quote, as the server's strutil.Unquote reads it back. */
function escaped(value: string, quote: Quote): string {
  return value.toWellFormed().replaceAll(/[\p{Cc}\\"']/gu, (char) => {
    if (char === '\\' || char === quote) return `\\${char}`;
    if (char === '"' || char === "'") return char;
    // \x would be a byte: above 0x7f that is half a character.
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Values for a rendering that is only checked or measured: every argument is there. */
export const placeholderVars: TemplateVars = {
  targetNamespace: 'namespace',
  rollout: 'rollout',
  target: 'target',
  environment: 'environment',
  promotion: 'promotion',
  canaryHash: 'canary',
  stableHash: 'stable',
  weight: 0,
  stepSeconds: 60,
  args: new Proxy<Record<string, string>>(
    {},
    {
      get: () => '1m',
      getOwnPropertyDescriptor: () => ({ value: '1m', enumerable: true, configurable: true }),
    },
  ),
};
