/** Colours where they are wanted: not without a terminal, not with NO_COLOR. */
const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];

const paint =
  (code: number) =>
  (text: string): string =>
    coloured ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

/** The colour of a word of the conditions. */
export function toned(word: string): string {
  if (['Succeeded', 'AlreadyDone', 'Pass'].includes(word)) return green(word);
  if (['RolledBack', 'Quarantined', 'Fail', 'Reverting', 'RollbackBlocked'].includes(word)) return red(word);
  if (['Holding', 'Error', 'Inconclusive'].includes(word)) return yellow(word);
  return cyan(word);
}

/** Text in a column: padded by what is seen of it, whatever colours it has. */
export function column(text: string, width: number, paintIt: (text: string) => string = (t) => t): string {
  return paintIt(text) + ' '.repeat(Math.max(0, width - text.length));
}

/** A weight as a bar of ten. */
export function bar(percent: number): string {
  const full = Math.round(percent / 10);
  return `${'█'.repeat(full)}${'░'.repeat(10 - full)}`;
}
