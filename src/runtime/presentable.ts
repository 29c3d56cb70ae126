/**
 * Text from outside made fit for status, events and logs: control and direction characters become spaces, so
 * that nobody can forge a line of output, and the length is bounded (UTF-16 code units).
 */
export function presentable(text: string, longest: number): string {
  const flat = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .toWellFormed();
  return flat.length <= longest
    ? flat
    : `${flat
        .slice(0, longest - 2)
        .trimEnd()
        .toWellFormed()} …`;
}
