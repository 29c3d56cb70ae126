import { readFileSync } from 'node:fs';

/** What the last stage of a Dockerfile adds to its base. */
export interface Stage {
  env: Record<string, string>;
  workdir: string;
  user: string;
  entrypoint: string[];
  /** Paths in the image, by path in the stage that built them. */
  copies: Map<string, string>;
}

/**
 * Reads the last stage.
 * @param base environment of the image that it is put on, since `ENV` may refer to it.
 * @throws Error on an instruction that is not known here: what it does would be missing from the image.
 */
export function lastStage(path: string, base: Readonly<Record<string, string>>): Stage {
  const stage: Stage = { env: { ...base }, workdir: '/', user: '', entrypoint: [], copies: new Map() };
  for (const [instruction, rest] of instructions(readFileSync(path, 'utf8'))) {
    if (instruction === 'WORKDIR') stage.workdir = rest;
    else if (instruction === 'USER') stage.user = rest;
    else if (instruction === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest) as string[];
    else if (instruction === 'ENV') setEnv(stage, rest);
    else if (instruction === 'COPY') copy(stage, rest);
    else if (instruction !== 'FROM' && instruction !== 'EXPOSE')
      throw new Error(
        `${path}: ${instruction} is not known to the tests that write this image without Docker`,
      );
  }
  return stage;
}

/** From the last FROM on, one for each instruction, comments left out. */
function instructions(text: string): [string, string][] {
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM '))).map((line) => {
    const [instruction = '', ...rest] = line.split(/\s+/);
    return [instruction, rest.join(' ')];
  });
}

function setEnv(stage: Stage, text: string): void {
  const [, key = '', value = ''] = /^(\w+)=(\S*)$/.exec(text) ?? [];
  stage.env[key] = value.replaceAll(/\$(\w+)/g, (_, name: string) => stage.env[name] ?? '');
}

/** A destination that ends with a slash is a directory; relative ones are below the working directory. */
function copy(stage: Stage, text: string): void {
  const words = text.split(' ').filter((word) => !word.startsWith('--'));
  const to = words.pop() ?? '';
  for (const from of words) {
    const name = to.endsWith('/') ? `${to}${from.split('/').at(-1)}` : to;
    stage.copies.set(from, new URL(name, `file://${stage.workdir}/`).pathname);
  }
}
