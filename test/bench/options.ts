/** What a run of the benchmarks was asked for, by `make bench SHORT=1 ONLY=B3,B5 CHECK=1 ROUNDS=5`. */
export interface Options {
  /** Fewer rounds, smaller N; nothing is written into docs/. */
  short: boolean;
  /** Rows wanted; undefined: all. */
  only: ReadonlySet<string> | undefined;
  /** Fail where a row misses what it has to reach. */
  check: boolean;
  rounds: number;
  /** As it is typed. */
  command: string;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0';

/** @throws Error for a row that does not exist, or a number of rounds that is none. */
export function optionsFrom(
  env: Readonly<Record<string, string | undefined>>,
  rows: readonly string[],
): Options {
  const short = isSet(env['SHORT']);
  const only = isSet(env['ONLY'])
    ? (env['ONLY'] ?? '').split(',').map((row) => row.trim().toUpperCase())
    : undefined;
  const unknown = only?.find((row) => !rows.includes(row));
  if (unknown !== undefined) throw new Error(`ONLY names ${unknown}: the rows are ${rows.join(', ')}`);
  const rounds = isSet(env['ROUNDS']) ? Number(env['ROUNDS']) : short ? 1 : 3;
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('ROUNDS is a whole number from 1 on');
  const named = ['SHORT', 'ONLY', 'CHECK', 'ROUNDS'].filter((name) => isSet(env[name]));
  const command = ['make bench', ...named.map((name) => `${name}=${env[name]}`)].join(' ');
  return { short, only: only && new Set(only), check: isSet(env['CHECK']), rounds, command };
}
