import { Gauge, type Registry } from 'prom-client';
import { VERSION } from '../runtime/version.ts';

/** Which version runs: for dashboards, and to see an upgrade that has not come everywhere. */
export function createBuildInfo(registry: Registry): void {
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1);
}
