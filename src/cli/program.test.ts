import { describe, expect, test } from '@jest/globals';
import { ApiError, TransportError } from '../kube/errors.ts';
import { COMMANDS } from './commands.ts';
import { completionsFor } from './complete.ts';
import { bareName, secondsOf } from './context.ts';
import { VERSION } from '../runtime/version.ts';
import { inWords } from './errors.ts';
import { runCli } from './program.ts';
import { keptIo } from './testing/io.ts';

async function run(...argv: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = keptIo();
  const exit = await runCli(argv, io);
  return { exit, out: io.printed, err: io.complained };
}

describe('every command', () => {
  const words = COMMANDS.map((c) => c.usage.split(' ').filter((w) => !/^[<[]/.test(w)));

  test.each(words.map((w): [string, string[]] => [w.join(' '), w]))(
    '%s has help with an example',
    async (_, argv) => {
      const { exit, out } = await run(...argv, '--help');
      expect(exit).toBe(0);
      expect(out).toContain(`Examples:\n`);
      expect(out).toMatch(new RegExp(`^  .*kubectl[ -]sluice ${argv.join(' ')}`, 'm'));
      for (const line of (out.split('Examples:')[0] ?? '').split('\n'))
        expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  test('is in the list', async () => {
    const { out } = await run('--help');
    for (const [word] of words) expect(out).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
  });
});

test.each([[[]], [['audit']], [['-n', 'shop']]])(
  'without a command %j is answered by help, as kubectl does',
  async (argv) => {
    const { exit, out, err } = await run(...argv);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toContain('Usage: kubectl sluice');
  },
);

test('it tells its version', async () => {
  expect(await run('--version')).toEqual({ exit: 0, out: `${VERSION}\n`, err: '' });
});

describe('words that make no sense', () => {
  test.each([
    [['approve'], "missing required argument 'promotion'"],
    [['promotte'], "unknown command 'promotte'"],
    [['status', '--colour'], "unknown option '--colour'"],
    [['promote', 'prod', '--kubeconfig', '/nowhere'], 'say what is to run'],
    [['promote', 'prod', '--image', 'checkout', '--kubeconfig', '/nowhere'], 'checkout names no version'],
    [['promote', 'gate/x', '--from', 'y'], 'gate/x is no Environment'],
    [['promote', 'prod', '--from', 'x', '--committed-at', 'yesterday'], 'yesterday is no time in RFC 3339'],
    [['promote', 'prod', '--from', 'x', '--emergency'], 'set --ticket and --justification'],
    [['bypass', 'p', '--gate', 'g'], 'set --ticket, and a --reason'],
    [['freeze', 'prod'], 'a freeze ends'],
    [['status', '-o', 'xml', '--kubeconfig', '/nowhere'], 'unknown --output: it is json, yaml or name'],
    [['status', '--kubeconfig', '/nowhere'], 'error: The kubeconfig /nowhere cannot be read (ENOENT)'],
    [['lint', '/nowhere.yaml'], 'the path /nowhere.yaml does not exist'],
    [['lint', '-f', '/nowhere.yaml'], 'the path /nowhere.yaml does not exist'],
    [['lint'], 'say what to check: -f FILE'],
    [['completion', 'tcsh'], 'there is a script for bash, zsh, fish'],
  ])('%j end with 2 and say what to do', async (argv, says) => {
    const { exit, err } = await run(...argv);
    expect(exit).toBe(2);
    expect(err).toContain(says);
  });
});

test.each([
  ['90', 90],
  ['90s', 90],
  ['1h30m', 5400],
  ['2d', 172_800],
])('%s is %d seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test('a name may have its kind before it, and no other kind', () => {
  for (const name of ['p', 'promotion/p', 'promotions/p', 'promotion.sluice.dev/p', 'Promotion/p'])
    expect(bareName('Promotion', name)).toBe('p');
  expect(() => bareName('Promotion', 'gate/p')).toThrow('is no Promotion');
});

test('errors are told as kubectl tells them', () => {
  const refused = new ApiError(404, 'promotions.sluice.dev "x" not found', { reason: 'NotFound' });
  expect(inWords(refused)).toBe('Error from server (NotFound): promotions.sluice.dev "x" not found');
  expect(inWords(new TransportError('Connection', 'connect ECONNREFUSED'))).toBe(
    'Unable to connect to the server: connect ECONNREFUSED',
  );
  expect(inWords(new Error('no'))).toBe('error: no');
});

const completed = async (...words: string[]): Promise<string[]> => {
  const io = keptIo();
  await completionsFor(words, io);
  return io.printed
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
};

describe('completion', () => {
  test.each([
    [['re'], ['reject', 'revoke', 'resume', 'release', ':4']],
    [
      ['audit', ''],
      ['verify', ':4'],
    ],
    [['lint', ''], [':0']],
    [['lint', '-f', ''], [':0']],
    [
      ['explain', '-o', ''],
      ['json', 'yaml', ':4'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', ':4'],
    ],
    [
      ['status', '-o', ''],
      ['json', 'yaml', 'name', ':4'],
    ],
    [
      ['bypass', 'p', '--constraint', 'S'],
      ['Soak', ':4'],
    ],
    [
      ['bypass', 'p', '--con'],
      ['--constraint', '--context', ':4'],
    ],
    [
      ['-n', 'shop', 'hist'],
      ['history', ':4'],
    ],
    [['status', '--kubeconfig', '/nowhere', ''], [':4']],
  ])('of %j', async (words, expected) => {
    expect(await completed(...words)).toEqual(expected);
  });
});
