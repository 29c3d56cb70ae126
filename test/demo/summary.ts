import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import { bold, column, dim, toned } from './style.ts';
import { reasonOf } from '../harness/promotions.ts';

/** Milliseconds between two times of a status, as text. */
function between(from: string | undefined, to: string | undefined): string {
  return from && to ? `${Date.parse(to) - Date.parse(from)} ms` : '';
}

const COLUMNS = [27, 13, 10, 12, 12, 18, 16] as const;

const row = (cells: readonly string[], paint: (text: string, index: number) => string): string =>
  cells
    .map((cell, i) => column(cell, COLUMNS[i] ?? 10, (text) => paint(text, i)))
    .join('')
    .trimEnd();

/** What each promotion came to: detection counts from the sample that failed, the rest from detection. */
export function summary(promotions: readonly Promotion[]): string {
  const head = [
    'promotion',
    'outcome',
    'took',
    'detection',
    'command',
    'traffic restored',
    'intent restored',
  ];
  const rows = promotions.map((promotion) => {
    const { revert, startedAt, completedAt } = promotion.status ?? {};
    const seconds =
      startedAt && completedAt
        ? `${((Date.parse(completedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`
        : '';
    return row(
      [
        promotion.metadata.name,
        reasonOf(promotion),
        seconds,
        between(revert?.sampledAt, revert?.detectedAt),
        between(revert?.detectedAt, revert?.commandedAt),
        between(revert?.detectedAt, revert?.trafficRestoredAt),
        between(revert?.detectedAt, revert?.intentRestoredAt),
      ],
      (text, i) => (i === 1 ? toned(text) : text),
    );
  });
  return (
    [row(head, (text) => bold(text)), ...rows].join('\n') +
    `\n${dim('detection: from the sample that failed; the rest: from detection')}\n`
  );
}
