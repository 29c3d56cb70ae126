import { LATENCY_BUCKETS, type Served } from './requests.ts';

/**
 * The counters in Prometheus' text format. A code that has never occurred has no series, as with real
 * services: a version without errors exposes nothing with code 500.
 */
export function exposition(served: readonly Served[]): string {
  const lines = ['# TYPE http_requests_total counter'];
  for (const version of served) {
    const labels = labelsOf(version);
    for (const [code, count] of [
      ['200', version.ok],
      ['500', version.errors],
    ] as const) {
      if (count > 0) lines.push(`http_requests_total{${labels},code="${code}"} ${count}`);
    }
  }
  lines.push('# TYPE http_request_duration_seconds histogram');
  for (const version of served) lines.push(...histogram(version));
  return `${lines.join('\n')}\n`;
}

function histogram(version: Served): string[] {
  const name = 'http_request_duration_seconds';
  const labels = labelsOf(version);
  const count = version.ok + version.errors;
  if (count === 0) return [];
  let below = 0;
  return [
    ...LATENCY_BUCKETS.map((bound, i) => {
      below += version.buckets[i] ?? 0;
      return `${name}_bucket{${labels},le="${bound}"} ${below}`;
    }),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${version.seconds}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function labelsOf({ namespace, rollout, hash }: Served): string {
  return `namespace="${namespace}",rollout="${rollout}",rollouts_pod_template_hash="${hash}"`;
}
