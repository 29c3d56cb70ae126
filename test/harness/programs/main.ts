// Makes sure that every program of the local control plane is here, building what is not, and says where.
import {
  ensureHelm,
  ensureKubernetes,
  ensureMonitoringCrds,
  ensurePrometheus,
  ensurePromtool,
} from './ensure.ts';

try {
  const programs = {
    ...(await ensureKubernetes()),
    prometheus: await ensurePrometheus(),
    promtool: await ensurePromtool(),
    helm: await ensureHelm(),
    monitoringCrds: await ensureMonitoringCrds(),
  };
  for (const [name, path] of Object.entries(programs)) process.stdout.write(`${name.padEnd(20)}${path}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
