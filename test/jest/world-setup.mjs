// One world for all test files of the project `integration`. Node imports the TypeScript by itself, because
// jest loads this file outside the context of the tests. The chart is installed in it, and the operator, the
// one file that an image holds, runs with exactly the rights that the chart gives. A failed run leaves the
// programs' logs in SLUICE_LOG_DIR.
import { installChart } from '../harness/helm.ts';
import { judgeRun } from '../harness/judge.ts';
import { startOperator } from '../harness/operator.ts';
import { untilProven } from '../harness/people.ts';
import { chartRoles } from '../harness/rights.ts';
import { beginRecord, endRecord } from '../harness/seen.ts';
import { shareWorld } from '../harness/shared.ts';
import { buildShipped } from '../harness/shipped.ts';
import { startWorld } from '../harness/world.ts';

export default async function setUp() {
  const logDir = process.env.SLUICE_LOG_DIR;
  beginRecord();
  const world = await startWorld(logDir ? { logDir } : {});
  try {
    await installChart(world.cluster);
    const roles = await chartRoles(world.cluster);
    const { url } = await startOperator(world.cluster.run, world.cluster, {
      ...(await buildShipped(world.cluster.facts.dir)),
      prometheusAddress: world.prometheus.url,
    });
    await untilProven(world.cluster);
    const stopSharedWorld = await shareWorld(world, url);
    globalThis.endOfRun = async () => {
      await stopSharedWorld();
      judgeRun(roles);
    };
  } catch (error) {
    await world.stop();
    endRecord();
    throw error;
  }
}
