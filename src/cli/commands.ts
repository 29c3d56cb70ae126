import type { Command } from './command.ts';
import { approve, reject, revoke } from './commands/approve.ts';
import { auditVerify } from './commands/audit-verify.ts';
import { completion } from './commands/completion.ts';
import { diff } from './commands/diff.ts';
import { dora } from './commands/dora.ts';
import { explain } from './commands/explain.ts';
import { history } from './commands/history.ts';
import { lint } from './commands/lint.ts';
import { abort, bypass, hold, resume } from './commands/orders.ts';
import { freeze, release, rollback, thaw } from './commands/places.ts';
import { promote } from './commands/promote.ts';
import { status } from './commands/status.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  status,
  promote,
  diff,
  approve,
  reject,
  revoke,
  hold,
  resume,
  abort,
  bypass,
  rollback,
  release,
  freeze,
  thaw,
  history,
  explain,
  auditVerify,
  dora,
  lint,
  completion,
];
