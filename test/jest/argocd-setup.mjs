// The world of the integration tests, and the real Argo CD in it. It is built first: that takes minutes, in which no
// world should wait.
import { startArgoCd } from '../argocd/start.ts';
import { ensureArgoCd } from '../harness/programs/ensure.ts';
import { sharedWorld } from '../harness/shared.ts';
import setUpWorld from './world-setup.mjs';

export default async function setUp() {
  await ensureArgoCd();
  await setUpWorld();
  const endOfWorld = globalThis.endOfRun;
  try {
    const run = await startArgoCd(sharedWorld().cluster, process.env.SLUICE_LOG_DIR);
    globalThis.endOfRun = async () => {
      await run.close();
      await endOfWorld();
    };
  } catch (error) {
    await endOfWorld();
    throw error;
  }
}
