/** Replaces what is confidential in a text. */
export type Redact = (text: string) => string;

/** So many characters in a row of a secret are not shown, nor a shorter secret as a whole. */
const PIECE = 8;
/** What is put in their place. */
const STARS = '***';
/** More of a server's text is not looked at, nor shown. */
const LONGEST = 4096;

/**
 * Keeps secrets out of what a server says: some echo the headers of a request that they refuse, whole, cut off
 * or in other letters. So every piece of eight characters goes, wherever it stands and in any case.
 */
export function redactor(confidential: readonly string[]): Redact {
  if (confidential.length === 0) return (text) => text.slice(0, LONGEST);
  let pieces: ReadonlySet<string> | undefined;
  const short = confidential.filter((secret) => secret !== '' && secret.length < PIECE);
  return (text) => {
    pieces ??= new Set(confidential.flatMap((secret) => piecesOf(flat(secret).toLowerCase())));
    // As it will be shown, within a sentence: spaces that come later could complete a piece.
    return without(flat(` ${text.slice(0, LONGEST)} `), pieces, short).trim();
  };
}

/** With single spaces, as `presentable` makes them. */
function flat(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ');
}

function piecesOf(secret: string): string[] {
  return Array.from({ length: Math.max(0, secret.length - PIECE + 1) }, (_, i) => secret.slice(i, i + PIECE));
}

function without(text: string, pieces: ReadonlySet<string>, short: readonly string[]): string {
  // Lower case of a few letters is longer than they are; those are no part of what can be sent in a header.
  const low = text.replaceAll(/[^\0-\u007f]/g, '?').toLowerCase();
  const hidden = Array.from({ length: text.length }, () => false);
  const hide = (from: number, length: number): void => void hidden.fill(true, from, from + length);
  for (let at = 0; at + PIECE <= low.length; at++) if (pieces.has(low.slice(at, at + PIECE))) hide(at, PIECE);
  for (const secret of short)
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) hide(at, secret.length);
  let shown = '';
  for (let at = 0; at < text.length; at++)
    if (hidden[at] !== true) shown += text.charAt(at);
    else if (hidden[at - 1] !== true) shown += STARS;
  return shown;
}
