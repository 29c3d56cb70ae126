import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Hot } from './profile.ts';
import type { Kept } from './results.ts';
import { ROWS } from './rows.ts';

/** The CPU profile of the operator in one family of rows that missed a target. */
export interface Profile {
  family: string;
  rows: readonly string[];
  date: string;
  functions: readonly Hot[];
  places: readonly Hot[];
}

/** All that is known: the newest run of each line, and the profiles. */
export interface Book {
  results: Kept[];
  profiles: Profile[];
}

export function readBook(path: string): Book {
  if (!existsSync(path)) return { results: [], profiles: [] };
  const book: Book = JSON.parse(readFileSync(path, 'utf8'));
  return book;
}

const order = ROWS.map(({ id }) => id);

/** The book with these results in the place of older ones of the same line. */
export function withResults(book: Book, fresh: readonly Kept[]): Book {
  const old = book.results.filter((r) => !fresh.some((f) => f.row === r.row && f.at === r.at));
  const results = [...old, ...fresh].toSorted(
    (a, b) =>
      order.indexOf(a.row) - order.indexOf(b.row) || a.at.localeCompare(b.at, 'en', { numeric: true }),
  );
  return { ...book, results };
}

/**
 * The book with this profile in the place of an older one of the same family.
 * @param profile undefined: none of the rows that were measured needs one any more
 * @param measured ids of those rows; an older profile of others stays
 */
export function withProfile(
  book: Book,
  family: string,
  profile: Profile | undefined,
  measured: readonly string[],
): Book {
  const others = book.profiles.filter(
    (p) => p.family !== family || (!profile && p.rows.some((row) => !measured.includes(row))),
  );
  return { ...book, profiles: profile ? [...others, profile] : others };
}

export function writeBook(path: string, book: Book): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(book, undefined, 2)}\n`);
}
