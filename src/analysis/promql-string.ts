const ESCAPES: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))/gsu;

/**
 * What a PromQL string literal, quotes included, means to the server (util/strutil/quote.go of Prometheus).
 * Undefined where that is not certain: an escape that is none, or one for a byte that may be half a character.
 */
export function readString(literal: string): string | undefined {
  const quote = literal.charAt(0);
  const inner = literal.slice(1, -1);
  if (literal.length < 2 || !literal.endsWith(quote) || !literal.isWellFormed()) return undefined;
  if (quote === '`') return /[\r`]/.test(inner) ? undefined : inner;
  if ((quote !== '"' && quote !== "'") || inner.includes('\n')) return undefined;
  let isCertain = true;
  const value = inner.replaceAll(
    ESCAPE,
    (_, x?: string, octal?: string, u?: string, U?: string, one = '') => {
      const meant =
        byte(x, 16) ?? byte(octal, 8) ?? character(u ?? U) ?? (one === quote ? quote : ESCAPES[one]);
      isCertain &&= meant !== undefined;
      return meant ?? '';
    },
  );
  return isCertain ? value : undefined;
}

function byte(digits: string | undefined, base: number): string | undefined {
  const code = Number.parseInt(digits ?? '', base);
  return code <= 0x7f ? String.fromCodePoint(code) : undefined;
}

function character(digits: string | undefined): string | undefined {
  const code = Number.parseInt(digits ?? '', 16);
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code <= 0x10ffff && !isSurrogate ? String.fromCodePoint(code) : undefined;
}

/** A PromQL string literal that means `value`, which must be well-formed. */
export function writeString(value: string): string {
  const inner = value.replaceAll(/[\p{Cc}\\"]/gu, (char) =>
    char === '\\' || char === '"' ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${inner}"`;
}

/** A regular expression that matches exactly `value`: what Go's regexp.QuoteMeta does. */
export function quoteRegex(value: string): string {
  return value.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
