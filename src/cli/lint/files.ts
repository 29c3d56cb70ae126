import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { CliError } from '../errors.ts';
import type { Manifest } from './object.ts';

/** A document of a file: what it says, or why it cannot be read. */
export type Read = { at: string } & ({ manifest: Manifest } | { problem: string });

const isManifest = (name: string): boolean => /\.(ya?ml|json)$/.test(name);

/** Every document of these files and folders; `-` is standard input. @throws CliError for a path that is not there */
export async function readAll(paths: readonly string[], input: NodeJS.ReadableStream): Promise<Read[]> {
  const texts = await Promise.all(
    filesOf(paths).map(async (path) => ({
      path,
      content: path === '-' ? await text(input) : readFileSync(path, 'utf8'),
    })),
  );
  return texts.flatMap(({ path, content }) => documentsOf(path, content));
}

function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (path === '-') return [path];
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw new CliError(`the path ${path} does not exist`);
    if (!found.isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
    return names
      .filter(isManifest)
      .toSorted()
      .map((name) => join(path, name));
  });
}

function documentsOf(path: string, content: string): Read[] {
  return parseAllDocuments(content).flatMap((document): Read[] => {
    const at = `${path}:${content.slice(0, document.contents?.range?.[0] ?? document.range[0]).split('\n').length}`;
    const [problem] = document.errors;
    if (problem) return [{ at, problem: problem.message.split('\n')[0] ?? '' }];
    const value: unknown = document.toJS();
    if (typeof value !== 'object' || value === null) return [];
    // A List of kubectl.
    const items: unknown = 'items' in value ? value.items : undefined;
    const all: unknown[] = Array.isArray(items) ? items : [value];
    return all.map((manifest) => ({ at, manifest: manifest as Manifest }));
  });
}
