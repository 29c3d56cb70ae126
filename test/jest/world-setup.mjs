// One world for all test files of the project `integration`. Node imports the TypeScript by itself, because
// jest loads this file outside the context of the tests. The chart is installed in it, and the operator runs with
// exactly the rights that the chart gives. A failed run leaves the programs' logs in SLUICE_LOG_DIR.
import { installChart } from '../harness/helm.ts';
import { startOperator } from '../harness/operator.ts';
import { shareWorld } from '../harness/shared.ts';
import { startWorld } from '../harness/world.ts';

export default async function setUp() {
  const logDir = process.env.SLUICE_LOG_DIR;
  const world = await startWorld(logDir ? { logDir } : {});
  try {
    await installChart(world.cluster);
    const { url } = await startOperator(world.cluster.run, world.cluster, {
      prometheusAddress: world.prometheus.url,
    });
    globalThis.stopSharedWorld = await shareWorld(world, url);
  } catch (error) {
    await world.stop();
    throw error;
  }
}
