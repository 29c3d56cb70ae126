import { Command as Program, CommanderError, Option } from 'commander';
import { z } from 'zod';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { Context } from './context.ts';
import { inWords } from './errors.ts';
import { GLOBAL_FLAGS, globalFlags } from './flags.ts';
import { EXIT, type Exit, type Io } from './io.ts';
import { VERSION } from '../runtime/version.ts';

/**
 * Runs a command line.
 * @param argv the words after the name of the program
 * @returns how it ended; everything is printed by then
 */
export async function runCli(argv: readonly string[], io: Io): Promise<Exit> {
  let exit: Exit = EXIT.Done;
  const program = programFor(io, (ended) => {
    exit = ended;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    // Help was asked for, or commander has said what is wrong with the words.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.Done : EXIT.Failed;
    io.err(`${error instanceof z.ZodError ? `error: ${flagProblem(error)}` : inWords(error)}\n`);
    return EXIT.Failed;
  }
  return exit;
}

function flagProblem({ issues: [first] }: z.ZodError): string {
  return first?.path.length
    ? `--${String(first.path[0])}: ${first.message}`
    : (first?.message ?? 'wrong flags');
}

/** Where words are missing, help is what was asked for, as with kubectl; to commander it is an error. */
class Words extends Program {
  override createCommand(name?: string): Words {
    return new Words(name);
  }

  override help(): never {
    return super.help();
  }
}

function programFor(io: Io, ended: (exit: Exit) => void): Program {
  const program = new Words('kubectl sluice')
    .description('promotions of Sluice: what rises where, and what a person decides about it')
    .version(VERSION, '--version', 'say which version this is')
    .showHelpAfterError('see kubectl sluice --help')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .configureHelp({ helpWidth: io.columns, showGlobalOptions: false })
    .exitOverride();
  for (const flag of GLOBAL_FLAGS) program.addOption(optionOf(flag));
  const groups = new Map<string, Program>();
  for (const command of COMMANDS) add(program, groups, command, io, ended);
  return program;
}

/**
 * `--image <reference...>` may be repeated, with one value each. To commander the dots mean that one flag takes all the
 * words that follow, the command's own argument among them.
 */
function optionOf([flags, meaning]: readonly [string, string]): Option {
  const option = new Option(flags.replace('...', ''), meaning);
  return flags.includes('...')
    ? option.argParser((value: string, before?: readonly string[]) => [...(before ?? []), value])
    : option;
}

/** Words that only have commands below them. */
const GROUPS: Readonly<Record<string, string>> = {
  audit: 'the audit trails of promotions and environments',
};

/** `audit verify` is `verify` of a group `audit`. */
function parentOf(program: Program, groups: Map<string, Program>, words: readonly string[]): Program {
  const [group] = words;
  if (group === undefined) return program;
  const known = groups.get(group);
  if (known) return known;
  const made = program.command(group).description(GROUPS[group] ?? '');
  groups.set(group, made);
  return made;
}

function add(
  program: Program,
  groups: Map<string, Program>,
  command: Command,
  io: Io,
  ended: (exit: Exit) => void,
): void {
  const words = command.usage.split(' ');
  const first = words.findIndex((word) => /^[<[]/.test(word));
  const own = (first < 0 ? words : words.slice(0, first)).length - 1;
  const made = parentOf(program, groups, words.slice(0, own))
    .command(words.slice(own).join(' '))
    .summary(command.summary)
    .description([command.summary, ...(command.details ? ['', command.details] : [])].join('\n'))
    .addHelpText(
      'after',
      `\nExamples:\n${command.examples.map((e) => `  ${e}\n`).join('')}\nFlags of every command: kubectl sluice --help\n`,
    );
  for (const flag of command.flags ?? []) made.addOption(optionOf(flag));
  made.action(async (...given: unknown[]) => {
    const args = given.slice(0, -2).flatMap((arg) => (arg === undefined ? [] : [arg].flat()));
    const flags: unknown = made.optsWithGlobals();
    ended(await command.run(new Context(io, globalFlags.parse(flags)), args.map(String), flags));
  });
}
