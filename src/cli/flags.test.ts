import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.ts';
import { GLOBAL_FLAGS } from './flags.ts';
import { runCli } from './program.ts';
import { keptIo } from './testing/io.ts';

const said = async (...argv: string[]): Promise<string> => {
  const io = keptIo();
  await runCli([...argv, '--kubeconfig=/nowhere'], io);
  return io.complained;
};
const takingAValue = (flags: readonly (readonly [string, string])[]): string[] =>
  flags.flatMap(([words]) => (words.includes('<') ? (/--[a-z-]+/.exec(words)?.[0] ?? []) : []));

/** Each command that takes arguments, with each flag of it that takes a value. */
const rows = COMMANDS.flatMap(({ usage, flags = [] }): [string, string, string][] => {
  const words = usage.split(' ');
  const args = words.filter((word) => /^[<[]/.test(word));
  const own = words.filter((word) => !args.includes(word)).join(' ');
  return args.length === 0
    ? []
    : takingAValue([...flags, ...GLOBAL_FLAGS]).map((flag) => [own, flag, args.join(' ')]);
});

describe('a flag takes one value, and leaves the argument after it alone', () => {
  test('of every command', () => {
    expect(rows.length).toBeGreaterThan(200);
  });

  test.each(rows)('%s %s x %s', async (command, flag) => {
    expect(await said(...command.split(' '), flag, 'x', 'y')).not.toMatch(/argument|option '/);
  });

  test('one that may be repeated collects what it is given', async () => {
    const images = ['--image', 'a/b:1', '--image', 'a/c'];
    expect(await said('promote', ...images, 'prod')).toContain('a/c names no version');
  });
});
