import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/* The tables of docs/argocd.md: what users are told is what the health scripts are tested for. */

export const PAGE = readFileSync(join(import.meta.dirname, '../../docs/argocd.md'), 'utf8');

/** One reason of one row. */
export interface Told {
  /** `Type=Status` of the condition that has the reason; of a Promotion absent, or `Stalled=True`. */
  condition: string | undefined;
  reason: string;
  health: string;
}

/** What the table below the heading of a kind says, reason by reason. */
export function told(kind: 'Promotion' | 'Environment' | 'Gate' | 'Decision'): Told[] {
  const section = PAGE.split(`\n### ${kind}\n`)[1]?.split(/\n##/)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).flatMap((row) => {
    const cells = row.split('|').map((cell) => cell.trim());
    // A Promotion's reasons are all of one condition; what else is asked stands behind them.
    const [reasons = '', condition] =
      kind === 'Promotion' ? (cells[1] ?? '').split(' with ') : [cells[2], cells[1]];
    const health = cells[kind === 'Promotion' ? 2 : 3] ?? '';
    return reasons
      .split(', ')
      .map((reason) => ({ reason, condition: condition?.replaceAll('`', ''), health }));
  });
}
