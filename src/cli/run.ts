import { auditVerify, type Result } from './audit-verify.ts';
import { explain } from './explain.ts';

/** Commands beside running the operator. */
const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<Result>>> = {
  'audit verify': auditVerify,
  explain,
};

/**
 * Runs a command.
 * @returns what to print and the exit code; undefined: these arguments are the operator's own.
 */
export async function runCommand(argv: readonly string[]): Promise<Result | undefined> {
  if (argv[0] === undefined || argv[0].startsWith('-')) return undefined;
  for (const [name, command] of Object.entries(COMMANDS)) {
    const words = name.split(' ');
    if (!words.every((word, i) => argv[i] === word)) continue;
    return command(argv.slice(words.length)).catch((error: unknown) => ({
      text: `${error instanceof Error ? error.message : String(error)}\n`,
      code: 2,
    }));
  }
  return {
    text: `there is no command ${argv[0]}; there are: ${Object.keys(COMMANDS).join(', ')}\n`,
    code: 2,
  };
}
