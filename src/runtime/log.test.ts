import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/* What a process writes, and where. */

const run = promisify(execFile);

test.each(['info', 'warn', 'error'] as const)(
  'at level %s: what is on record is there, as a line of JSON on stderr, with what its log carries',
  async (level) => {
    const script = `
      import { createLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))};
      const log = createLog({ level: '${level}', format: 'json' }).child({ name: 'two' });
      log.info({}, 'Moved');
      log.record({ audit: { uid: 'u' } }, 'On record');
      process.kill(process.pid, 'SIGKILL');`;
    const { stdout = '', stderr = '' } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      script,
    ]).catch((error: { stdout?: string; stderr?: string }) => error);
    expect(stdout).toBe('');
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({
      level: 'info',
      name: 'two',
      audit: { uid: 'u' },
      msg: 'On record',
    });
    expect(lines).toHaveLength(level === 'info' ? 2 : 1);
  },
);
