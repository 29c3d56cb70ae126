import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/program.ts';
import { keptIo } from '../../src/cli/testing/io.ts';

/* The scripts of `completion`, read by the shells that they are for. What kubectl makes of it is in test/integration. */

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function scriptFor(shell: string): Promise<string> {
  const io = keptIo();
  await runCli(['completion', shell], io);
  const path = join(dir, `script.${shell}`);
  writeFileSync(path, io.printed);
  return path;
}

/** A test that needs a shell, or one that says why it is passed over. */
function withShell(shell: string, what: string, run: () => Promise<void>): void {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0;
  // oxlint-disable-next-line jest/expect-expect, jest/valid-title -- what runs asserts; its caller names it
  if (isThere) test(what, run, 120_000);
  // oxlint-disable-next-line jest/no-disabled-tests, jest/expect-expect -- a machine need not have every shell
  else test.skip(`${what} (this machine has no ${shell})`, run);
}

for (const shell of ['bash', 'zsh', 'fish'])
  withShell(shell, `${shell} can read its script`, async () => {
    const { status, stderr } = spawnSync(shell, ['-n', await scriptFor(shell)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

/** The words that a script comes to in a folder with a file gate.yaml, where the plugin is on the PATH. */
function said(shell: string, script: string): string[] {
  const plugin = join(dir, 'kubectl-sluice');
  writeFileSync(plugin, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(plugin, 0o755);
  const folder = mkdtempSync(join(dir, 'folder-'));
  writeFileSync(join(folder, 'gate.yaml'), '');
  const env = { ...process.env, PATH: `${dir}${delimiter}${process.env['PATH']}`, HOME: dir };
  const { stdout } = spawnSync(shell, ['-c', script], { cwd: folder, env, encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (line.split(/[\t:]/)[0] ?? '')));
}

const CASES: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ['re', ['reject', 'release', 'resume', 'revoke']],
  ['completion ', ['bash', 'fish', 'zsh']],
  ['lint ', ['gate.yaml']],
  ['lint -f ga', ['gate.yaml']],
];

withShell('fish', 'fish offers commands, and files where there are files to name', async () => {
  const path = await scriptFor('fish');
  for (const [typed, offered] of CASES) {
    const words = said('fish', `source ${path}; complete -C'kubectl-sluice ${typed}'`);
    expect([typed, words.toSorted()]).toEqual([typed, offered]);
  }
});

withShell('zsh', 'zsh offers commands, and files where there are files to name', async () => {
  const path = await scriptFor('zsh');
  // The three functions of zsh that draw, which it has in a terminal only.
  const drawn = 'compdef() { : }; _files() { print -l -- *.yaml }; _describe() { print -l -- "${(@P)2}" }';
  for (const [typed, offered] of CASES) {
    const words = `words=("\${(@s: :)\${:-kubectl-sluice ${typed}}}"); CURRENT=$#words`;
    const found = said('zsh', `${drawn}; source ${path}; ${words}; _kubectl_sluice`);
    expect([typed, found.toSorted()]).toEqual([typed, offered]);
  }
});
