import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';

const metrics = join(import.meta.dirname, '../../src/metrics');

/** Names of the metrics of src/metrics, and of those that prom-client adds. */
export function knownMetrics(): ReadonlySet<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return new Set([
    ...readdirSync(metrics)
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) => [...readFileSync(join(metrics, file), 'utf8').matchAll(/name: '([a-z_]+)'/g)])
      .map(([, name = '']) => name),
    ...registry.getMetricsAsArray().map((m) => m.name),
  ]);
}
