import { readFileSync, rmSync } from 'node:fs';
import { operatorCounters } from '../bench/counters.ts';
import type { RunningOperator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { isGrowing, trendOf } from './growth.ts';

/** What is left of an operator after its garbage was collected. */
export interface Look {
  heapUsed: number;
  /** What keeps it alive, by kind, as Node counts it. */
  resources: Record<string, number>;
  /** Its own timers, which keep nothing alive: Node's count is without them. */
  timers: number;
  /** Sockets among them, those too that idle and keep nothing alive. */
  openFiles: number;
}

/** Has an operator that runs with inspect.mjs look at itself, by way of that file. */
export async function look({ program, url }: RunningOperator, file: string): Promise<Look> {
  rmSync(file, { force: true });
  await program.signal('SIGUSR2');
  const own = await until(
    'the operator has looked at itself',
    (): Pick<Look, 'heapUsed' | 'resources'> => JSON.parse(readFileSync(file, 'utf8')),
  );
  const counters = await operatorCounters(url);
  const timers = counters.sum('sluice_timers');
  const openFiles = counters.sum('process_open_fds');
  // Nothing at all would not grow either.
  if (timers < 1 || openFiles < 1) throw new Error(`${timers} timers and ${openFiles} open files are none`);
  return { ...own, timers, openFiles };
}

/** What rises from look to look, in words; each series is told to `say`. */
export function growthIn(looks: readonly Look[], say: (line: string) => void): string[] {
  const kinds = [...new Set(looks.flatMap(({ resources }) => Object.keys(resources)))];
  const series: Record<string, number[]> = {
    'heap after garbage collection, bytes': looks.map(({ heapUsed }) => heapUsed),
    timers: looks.map(({ timers }) => timers),
    'open files': looks.map(({ openFiles }) => openFiles),
    ...Object.fromEntries(kinds.map((kind) => [kind, looks.map(({ resources }) => resources[kind] ?? 0)])),
  };
  return Object.entries(series).flatMap(([what, values]) => {
    const { from, rise, error } = trendOf(values);
    const says = `${what}: ${from.toFixed(1)}, rising by ${rise.toFixed(1)} (standard error ${error.toFixed(1)})`;
    say(says);
    return isGrowing(values, 0.05) ? [says] : [];
  });
}
