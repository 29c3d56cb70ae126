import { rmSync } from 'node:fs';
import { until } from '../../test/harness/until.ts';
import { removeCgroups } from './cgroups.ts';
import { recall, runs, STATE } from './state.ts';

/**
 * Ends whatever there is of a node, of this run or of one that was killed, and takes its folders back. Does nothing
 * where there is none.
 * @throws Error in one sentence if another run is at work with it.
 */
export async function down(): Promise<void> {
  const runner = recall('runner');
  if (runner && runner.pid !== process.pid) {
    throw new Error(`another run is at work with the node of this machine (process ${runner.pid})`);
  }
  const holder = recall('holder');
  if (holder) {
    process.kill(holder.pid, 'SIGKILL');
    await until('the namespaces are gone', () => !runs(holder), { timeoutMs: 30_000 });
  }
  await removeCgroups();
  rmSync(STATE, { recursive: true, force: true });
}
