import { z } from 'zod';
import { stringify } from 'yaml';
import { GROUP } from '../api/v1alpha1/names.ts';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import type { Context } from './context.ts';

/** The flag of every command that has something to show a program. */
export const OUTPUT_FLAG = [
  '-o, --output <json|yaml|name>',
  'for a program to read, instead of words for people',
] as const;
/** What it may be. */
export const output = z
  .enum(['json', 'yaml', 'name'], { error: 'unknown --output: it is json, yaml or name' })
  .optional();
/** Of a command that tells something of objects, and shows none. */
export const DATA_FLAG = ['-o, --output <json|yaml>', OUTPUT_FLAG[1]] as const;
export const dataOutput = z
  .enum(['json', 'yaml'], { error: 'unknown --output: it is json or yaml' })
  .optional();
export type Output = z.infer<typeof output>;

/** `promotion.sluice.dev/x`, as kubectl names an object. */
export function nameOf({ kind = '', metadata }: Pick<RawObject, 'kind' | 'metadata'>): string {
  return `${kind.toLowerCase()}.${GROUP}/${metadata.name}`;
}

/** Prints data in the form that was asked for. @returns whether one was, so that nothing is left to say */
export function printed(
  { io }: Context,
  format: Output,
  data: unknown,
  named: readonly Pick<RawObject, 'kind' | 'metadata'>[] = [],
): boolean {
  if (format === undefined) return false;
  if (format === 'json') io.out(`${JSON.stringify(data, undefined, 2)}\n`);
  else if (format === 'yaml') io.out(stringify(data));
  else io.out(named.map((o) => `${nameOf(o)}\n`).join(''));
  return true;
}

/** Objects as kubectl prints several of them. */
export function listOf(items: readonly object[]): object {
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
}
