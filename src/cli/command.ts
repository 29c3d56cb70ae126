import type { z } from 'zod';
import type { Context } from './context.ts';
import type { Exit } from './io.ts';

/** What an argument names, for completion. */
export type Names = 'promotion' | 'environment' | 'gate' | 'namespace' | 'file' | 'shell' | 'none';

/** A command as it is declared. */
export interface CommandSpec<Flags> {
  /** Its words and arguments as commander reads them: `approve <promotion>`. */
  usage: string;
  /** One line for the list of commands. */
  summary: string;
  /** What else there is to know. */
  details?: string;
  /** Each a line that can be typed as it stands. */
  examples: readonly string[];
  /** Flags as commander reads them, with what they mean; `<name...>` may be repeated. */
  flags?: readonly (readonly [flags: string, meaning: string])[];
  /** What commander has read. */
  schema: z.ZodType<Flags>;
  /** What its first argument names. */
  names?: Names;
  run: (context: Context, args: readonly string[], flags: Flags) => Promise<Exit>;
}

/** A command whose flags only itself knows. */
export interface Command extends Omit<CommandSpec<unknown>, 'schema' | 'run'> {
  run: (context: Context, args: readonly string[], flags: unknown) => Promise<Exit>;
}

/** Declares a command. */
export function command<Flags>({ schema, run, ...spec }: CommandSpec<Flags>): Command {
  return { ...spec, run: (context, args, flags) => run(context, args, schema.parse(flags)) };
}
