import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const run = promisify(execFile);

/** Nothing of this machine's configuration, and somebody who commits. */
const ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'alice',
  GIT_AUTHOR_EMAIL: 'alice@example.com',
  GIT_COMMITTER_NAME: 'alice',
  GIT_COMMITTER_EMAIL: 'alice@example.com',
};

/** A Git repository in a directory of its own. Argo CD reads it by a file:// address, as in its own end-to-end tests. */
export class Repository {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes an empty repository whose branch is main. */
  static async create(dir: string): Promise<Repository> {
    mkdirSync(dir, { recursive: true });
    const repository = new Repository(dir);
    await repository.#git('init', '--quiet', '--initial-branch=main');
    return repository;
  }

  get url(): string {
    return `file://${this.#dir}`;
  }

  /** Commits these files, each with an object in it; undefined removes one. Returns the commit's hash. */
  async commit(message: string, files: Readonly<Record<string, object | undefined>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.#dir, name);
      mkdirSync(dirname(path), { recursive: true });
      if (content === undefined) rmSync(path);
      else writeFileSync(path, stringify(content));
    }
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', '--message', message);
    return this.#head();
  }

  /** `git revert` of the last commit. Returns the hash of the commit that this is. */
  async revert(): Promise<string> {
    await this.#git('revert', '--no-edit', 'HEAD');
    return this.#head();
  }

  #head(): Promise<string> {
    return this.#git('rev-parse', 'HEAD');
  }

  async #git(...args: string[]): Promise<string> {
    const { stdout } = await run('git', args, { cwd: this.#dir, env: ENV });
    return stdout.trim();
  }
}
