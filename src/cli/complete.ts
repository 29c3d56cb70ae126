import { ENVIRONMENTS, GATES, PROMOTIONS } from '../api/v1alpha1/names.ts';
import type { RawObject } from '../api/v1alpha1/parse.ts';
import { collectionPath, type Resource } from '../kube/paths.ts';
import type { Command, Names } from './command.ts';
import { COMMANDS } from './commands.ts';
import { Context, type GlobalFlags } from './context.ts';
import { EXIT, type Exit, type Io } from './io.ts';
import { GLOBAL_FLAGS } from './flags.ts';

/*
 * Completion as kubectl asks its plugins for it, in cobra's form: a candidate on each line, with a tab before what it
 * means, and at last a directive. https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#enabling-completion
 */

/** Whether the shell may offer files as well (cobra's ShellCompDirectiveDefault, ShellCompDirectiveNoFileComp). */
const FILES = ':0';
const NO_FILES = ':4';
/** Nobody waits longer for the names of a cluster. */
const PATIENCE_MS = 3000;

const RESOURCES: Partial<Record<Names, Resource>> = {
  environment: ENVIRONMENTS,
  promotion: PROMOTIONS,
  gate: GATES,
};
/** What the value of a flag names. */
const VALUES: Readonly<Record<string, Names | readonly string[]>> = {
  '--namespace': 'namespace',
  '--gate': 'gate',
  '--from': 'environment',
  '--kubeconfig': 'file',
  '--constraint': ['Window', 'Freeze', 'Soak', 'Upstream'],
  '--log': 'file',
  '--filename': 'file',
};
const SHELLS = ['bash', 'zsh', 'fish'];

interface Flag {
  names: readonly string[];
  meaning: string;
  takesValue: boolean;
  /** What it may be, of `<json|yaml>`. */
  values: readonly string[] | undefined;
}

const flagOf = ([flags, meaning]: readonly [string, string]): Flag => ({
  names: flags.split(/[ ,]+/).filter((word) => word.startsWith('-')),
  meaning,
  takesValue: flags.includes('<'),
  values: /<(.*\|.*)>/.exec(flags)?.[1]?.split('|'),
});

/**
 * Prints what the last of these words may become.
 * @param words after the name of the program; the last is what was typed of it, perhaps nothing
 */
export async function completionsFor(words: readonly string[], io: Io): Promise<Exit> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { lines, directive } = await candidates(before, typed, io);
  const fitting = lines.filter((line) => line.startsWith(typed));
  io.out([...fitting, directive, ''].join('\n'));
  return EXIT.Done;
}

async function candidates(
  before: readonly string[],
  typed: string,
  io: Io,
): Promise<{ lines: readonly string[]; directive: string }> {
  const globals = GLOBAL_FLAGS.map(flagOf);
  const { command, rest } = commandIn(wordsOf(before, globals));
  const flags = [...(command?.flags ?? []).map(flagOf), ...globals];
  const last = flags.find((f) => f.takesValue && f.names.includes(before.at(-1) ?? ''));
  if (last) return named(last.values ?? VALUES[last.names.at(-1) ?? ''] ?? 'none', before, io);
  if (typed.startsWith('-'))
    return { lines: flags.flatMap((f) => f.names.map((n) => `${n}\t${f.meaning}`)), directive: NO_FILES };
  if (!command) return { lines: nextWords(rest), directive: NO_FILES };
  const isMany = command.usage.includes('...');
  const given = wordsOf(before, flags).length - wordsIn(command).length;
  return given > 0 && !isMany
    ? { lines: [], directive: NO_FILES }
    : named(command.names ?? 'none', before, io);
}

/** The words of a command: `audit verify`. */
function wordsIn({ usage }: Command): string[] {
  return usage.split(' ').filter((word) => !/^[<[]/.test(word));
}

/** What was typed without flags and their values. */
function wordsOf(typed: readonly string[], flags: readonly Flag[]): string[] {
  const takes = (word: string | undefined): boolean =>
    word !== undefined && flags.some((f) => f.takesValue && f.names.includes(word));
  return typed.filter((word, i) => !word.startsWith('-') && !takes(typed[i - 1]));
}

function commandIn(words: readonly string[]): { command?: Command; rest: readonly string[] } {
  const command = COMMANDS.find((c) => wordsIn(c).every((word, i) => words[i] === word));
  return command ? { command, rest: words } : { rest: words };
}

function nextWords(before: readonly string[]): string[] {
  const fitting = COMMANDS.filter((c) => before.every((word, i) => wordsIn(c)[i] === word));
  const next = fitting.map((c) => {
    const words = wordsIn(c);
    return `${words[before.length] ?? ''}\t${words.length > before.length + 1 ? 'see its commands' : c.summary}`;
  });
  return [...new Set(next)];
}

async function named(
  what: Names | readonly string[],
  before: readonly string[],
  io: Io,
): Promise<{ lines: readonly string[]; directive: string }> {
  if (typeof what !== 'string') return { lines: what, directive: NO_FILES };
  if (what === 'shell') return { lines: SHELLS, directive: NO_FILES };
  if (what === 'file') return { lines: [], directive: FILES };
  if (what === 'none') return { lines: [], directive: NO_FILES };
  try {
    const context = new Context(io, globalsIn(before));
    const path =
      what === 'namespace'
        ? collectionPath({ group: '', version: 'v1', plural: 'namespaces' })
        : collectionPath(RESOURCES[what] as Resource, context.namespace);
    const { items } = await context.client.list<RawObject>(path, { timeoutMs: PATIENCE_MS, limit: 500 });
    return { lines: items.map((o) => o.metadata.name), directive: NO_FILES };
  } catch {
    // Whoever completes has no use for an error: the command that follows will say it.
    return { lines: [], directive: NO_FILES };
  }
}

/** The flags that say where to look. */
function globalsIn(words: readonly string[]): GlobalFlags {
  const valueOf = (...names: string[]): string | undefined => {
    for (const [i, word] of words.entries()) {
      if (names.includes(word)) return words[i + 1];
      const assigned = names.find((n) => n.startsWith('--') && word.startsWith(`${n}=`));
      if (assigned) return word.slice(assigned.length + 1);
    }
    return undefined;
  };
  const found = {
    namespace: valueOf('-n', '--namespace'),
    kubeconfig: valueOf('--kubeconfig'),
    context: valueOf('--context'),
    cluster: valueOf('--cluster'),
    user: valueOf('--user'),
    as: valueOf('--as'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
