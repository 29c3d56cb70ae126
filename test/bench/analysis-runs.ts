import type { KubeObject } from '../harness/api.ts';
import { queryFor } from './manifests.ts';
import { type BenchWorld, each } from './worlds.ts';

/* The anchor: AnalysisRuns of Argo Rollouts that ask the same query. */

const NAMESPACE = 'anchor';
export const RUNS = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysisruns`;

/** An AnalysisRun, as far as it is looked at. */
export interface AnalysisRun extends KubeObject {
  status?: { phase?: string };
}

/** The one metric of an AnalysisRun that asks what a gate of the benchmarks asks, about the same name. */
export function metricFor(name: string, address: string, intervalSeconds: number, count?: number): object {
  return {
    name: 'error-rate',
    interval: `${intervalSeconds}s`,
    ...(count !== undefined && { count }),
    failureLimit: 0,
    successCondition: 'result[0] < 0.05',
    provider: { prometheus: { address, query: queryFor(name) } },
  };
}

/** Creates `n` of them, as fast as the API server takes them; `count` absent: they go on for ever. */
export async function createRuns(
  { cluster, standIn }: BenchWorld,
  n: number,
  options: { intervalSeconds: number; count?: number },
): Promise<void> {
  await cluster.createNamespace(NAMESPACE);
  const names = Array.from({ length: n }, (_, i) => `run-${String(i).padStart(5, '0')}`);
  await each(names, (name) =>
    cluster.api.create(RUNS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name, namespace: NAMESPACE },
      spec: { metrics: [metricFor(name, standIn.url, options.intervalSeconds, options.count)] },
    }),
  );
}
