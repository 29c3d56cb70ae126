import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';

/** One function with the share of the process's CPU time that was spent in it itself. */
export interface Hot {
  what: string;
  /** 0 to 1 of all time that was not idle. */
  share: number;
}

/** The format of Node's `--cpu-prof` (V8's CPU profile), as far as it is read. */
interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
  }[];
  samples: number[];
  /** Microseconds. */
  timeDeltas: number[];
}

const NOT_WORK = new Set(['(idle)', '(root)']);

/**
 * Where the time of a process went, the hottest first: by function, and by package or folder.
 *
 * @param map path of the source map of the one file that the process ran
 */
export function hottest(directory: string, map: string, most = 12): { functions: Hot[]; places: Hot[] } {
  const sources = new SourceMap(JSON.parse(readFileSync(map, 'utf8')));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile: CpuProfile = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
    for (const [i, id] of profile.samples.entries()) {
      const frame = frames.get(id);
      if (!frame || NOT_WORK.has(frame.functionName)) continue;
      const spent = profile.timeDeltas[i] ?? 0;
      const url = sourceOf(frame, sources);
      const place = placeOf(url, frame.functionName);
      add(places, place, spent);
      add(functions, `${frame.functionName || '(anonymous)'} (${fileOf(url) || place})`, spent);
    }
  }
  return { functions: top(functions, most), places: top(places, most) };
}

const add = (map: Map<string, number>, key: string, value: number): void =>
  void map.set(key, (map.get(key) ?? 0) + value);

function top(spent: ReadonlyMap<string, number>, most: number): Hot[] {
  const all = [...spent.values()].reduce((sum, one) => sum + one, 0);
  return [...spent]
    .map(([what, time]) => ({ what, share: time / all }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, most);
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

/** Of a function in the one file: where it was written. */
function sourceOf({ url, lineNumber, columnNumber }: Frame, sources: SourceMap): string {
  if (!url.startsWith('file:')) return url;
  const found = sources.findEntry(lineNumber, columnNumber);
  return 'originalSource' in found ? found.originalSource : url;
}

/** The package, or the folder of the sources, that a function belongs to. */
function placeOf(url: string, name: string): string {
  if (url === '') return name.startsWith('(') ? name : 'V8';
  if (url.startsWith('node:')) return 'Node';
  const [, inPackage] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url) ?? [];
  const [, folder] = /\/src\/([^/]+)/.exec(url) ?? [];
  return inPackage ?? (folder === undefined ? 'loading' : `src/${folder}`);
}

function fileOf(url: string): string {
  return url.replace(/^.*\/(?=dist\/|src\/)/, '').replace(/^.*\/node_modules\//, '');
}
