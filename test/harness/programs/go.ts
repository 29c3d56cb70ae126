import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The build must not depend on the settings of whoever starts it, nor fetch another Go by itself. */
const GO_ENV = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };

/**
 * Checks that there is a Go which can build the modules in `dirs`: all of them, so that nobody waits for the
 * first to learn that the second cannot be built.
 * @throws Error in one sentence that says what to install.
 */
export async function requireGo(dirs: readonly string[]): Promise<void> {
  const needed = dirs.map(goLine).reduce((a, b) => (isOlder(a, b) ? b : a));
  const advice = `install Go ${needed} or newer from https://go.dev/dl and put it on PATH, then run this again`;
  const found = await run('go', ['env', 'GOVERSION'], { env: GO_ENV, cwd: '/' }).then(
    ({ stdout }) => stdout.trim().replace(/^go/, ''),
    () => undefined,
  );
  if (found === undefined)
    throw new Error(`The local control plane is built with Go, which is not here: ${advice}.`);
  if (isOlder(found, needed))
    throw new Error(`The local control plane needs a newer Go than ${found}: ${advice}.`);
}

function goLine(dir: string): string {
  return /^go (\S+)$/m.exec(readFileSync(join(dir, 'go.mod'), 'utf8'))?.[1] ?? '';
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((v) => v.split('.').map((part) => Number.parseInt(part, 10)));
  for (const i of [0, 1, 2]) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Runs `go` in `dir`, line by line; resolves with the lines of standard output.
 * @param onLine gets each line of standard error, where Go reports downloads and packages.
 * @throws Error with the last lines of standard error.
 */
export async function go(
  dir: string,
  args: string[],
  onLine: (line: string) => void = () => {},
): Promise<string[]> {
  const child = spawn('go', args, { cwd: dir, env: GO_ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: string[] = [];
  const tail: string[] = [];
  createInterface(child.stdout).on('line', (line) => out.push(line));
  createInterface(child.stderr).on('line', (line) => {
    tail.push(line);
    if (tail.length > 20) tail.shift();
    onLine(line);
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`go ${args[0]} failed in ${dir}:\n${tail.join('\n')}`);
  return out;
}

/** The module at work: its version and the directory of its sources, after replacements. */
export async function moduleOf(dir: string, module: string): Promise<{ version: string; dir: string }> {
  const format = '{{with .Replace}}{{.Version}}\t{{.Dir}}{{else}}{{.Version}}\t{{.Dir}}{{end}}';
  const [line = ''] = await go(dir, ['list', '-m', '-f', format, module]);
  const [version = '', source = ''] = line.split('\t');
  return { version, dir: source };
}

/** The version at work of each module that these packages are in, after replacements; '' of the main module. */
export async function versionsOf(dir: string, packages: readonly string[]): Promise<Map<string, string>> {
  const version = '{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}';
  const lines = await go(dir, ['list', '-f', `{{with .Module}}{{.Path}}\t${version}{{end}}`, ...packages]);
  return new Map(lines.map((line) => line.split('\t')).map(([path = '', version = '']) => [path, version]));
}
