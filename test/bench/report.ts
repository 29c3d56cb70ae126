import { ROWS } from './rows.ts';
import { ratioOf, type Result, standingOf } from './results.ts';
import { table } from './table.ts';

const number = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value)
    ? ''
    : value.toLocaleString('en-US', { maximumFractionDigits: 3 });

const WORDS = { aim: 'aim reached', reached: 'reached', missed: '**missed**', 'no target': '' } as const;

/** The results as a table. */
export function resultTable(results: readonly Result[]): string {
  return table([
    ['row', 'what', 'at', 'unit', 'Argo Rollouts', 'Sluice', 'times better', 'at least', 'aim', ''],
    ...results.map((result) => {
      const row = ROWS.find(({ id }) => id === result.row);
      return [
        result.row,
        row?.what ?? '',
        result.at,
        row?.unit ?? '',
        number(result.anchor),
        number(result.value),
        number(ratioOf(result)),
        number(result.atLeast),
        number(result.aim),
        WORDS[standingOf(result)],
      ];
    }),
  ]);
}

/** The details of the results as a list. */
export function detailList(results: readonly Result[]): string {
  return results
    .flatMap(({ row, at, details }) =>
      Object.entries(details).map(([side, values]) => {
        const list = Object.entries(values).map(([name, value]) => `${name} ${number(value)}`);
        return `- ${row}, ${at}, ${side}: ${list.join('; ')}`;
      }),
    )
    .join('\n');
}
