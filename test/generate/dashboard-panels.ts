/* What the dashboard asks of the operator's metrics, and how it is shown. */

/** One panel of the dashboard. */
export interface Panel {
  title: string;
  /** What it means, for who looks at it at night. */
  description: string;
  /** Queries, each with how its series are called. */
  queries: readonly (readonly [expr: string, legend: string])[];
  unit?: string;
  kind?: 'timeseries' | 'stat' | 'table';
}

const JOB = 'job=~"$job"';
const rate = (metric: string, more = ''): string => `rate(${metric}{${JOB}${more}}[$__rate_interval])`;
const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (${rate(`${metric}_bucket`)}))`;

/** The dashboard, row by row. */
export const ROWS: readonly { title: string; panels: readonly Panel[] }[] = [
  {
    title: 'Promotions',
    panels: [
      {
        title: 'Needs attention',
        description: 'Promotions that hold, go back, or wait for a person. kubectl sluice status says why.',
        queries: [[`sluice_promotion_attention{${JOB}} == 1`, '{{namespace}}/{{name}} {{reason}}']],
        kind: 'table',
      },
      {
        title: 'Ended, by reason',
        description: 'In the last hour.',
        queries: [[`sum by (outcome) (increase(sluice_promotions_total{${JOB}}[1h])) > 0`, '{{outcome}}']],
      },
      {
        title: 'From Applying to the end, 95 %',
        description: 'By outcome.',
        queries: [[quantile(0.95, 'sluice_promotion_duration_seconds', 'outcome'), '{{outcome}}']],
        unit: 's',
      },
      {
        title: 'Way back, 99 %',
        description:
          'detection: from the sample that failed until Sluice knew. Then from detection: command taken, traffic back, the declared template back.',
        queries: [[quantile(0.99, 'sluice_revert_seconds', 'stage'), '{{stage}}']],
        unit: 's',
      },
    ],
  },
  {
    title: 'Environments and policy',
    panels: [
      {
        title: 'Environments, by what they say',
        description: 'Drifted, Frozen, FollowUpOverdue and the like.',
        queries: [[`sum by (condition) (sluice_environments{${JOB}})`, '{{condition}}']],
      },
      {
        title: 'Decisions trusted',
        description: '0: the admission policies are not as shipped, and no Decision counts.',
        queries: [[`min(sluice_decisions_trusted{${JOB}})`, 'trusted']],
        kind: 'stat',
      },
      {
        title: 'Passed over, on the record',
        description: 'By a Bypass or an emergency, in the last day.',
        queries: [[`sum by (what) (increase(sluice_bypasses_total{${JOB}}[1d]))`, '{{what}}']],
      },
      {
        title: 'Change failure rate',
        description: 'DORA, over 30 days, by Environment.',
        queries: [[`sluice_dora_change_failure_rate{${JOB}}`, '{{namespace}}/{{environment}}']],
        unit: 'percentunit',
      },
      {
        title: 'Deployments a day',
        description: 'DORA, over 30 days, by Environment.',
        queries: [[`sluice_dora_deployments_per_day{${JOB}}`, '{{namespace}}/{{environment}}']],
      },
      {
        title: 'Lead time and time to restore',
        description: 'DORA, medians over 30 days, by Environment.',
        queries: [
          [`sluice_dora_lead_time_seconds{${JOB}}`, 'lead {{namespace}}/{{environment}}'],
          [`sluice_dora_restore_seconds{${JOB}}`, 'restore {{namespace}}/{{environment}}'],
        ],
        unit: 's',
      },
    ],
  },
  {
    title: 'Gates',
    panels: [
      {
        title: 'Samples a second, by verdict',
        description: 'Error: Prometheus did not answer, or with something that is no number.',
        queries: [[`sum by (verdict) (${rate('sluice_gate_samples_total')})`, '{{verdict}}']],
      },
      {
        title: 'Lateness of samples, 99 %',
        description: 'Behind their due time: above a second the operator has more to do than it can.',
        queries: [[quantile(0.99, 'sluice_gate_sample_lateness_seconds', 'job'), 'late']],
        unit: 's',
      },
      {
        title: 'Queries an evaluation',
        description: 'Questions that differ only by labels are asked together.',
        queries: [
          [
            `sum(${rate('sluice_gate_queries_total')}) / sum(${rate('sluice_gate_questions_total')})`,
            'queries a question',
          ],
        ],
      },
    ],
  },
  {
    title: 'The operator',
    panels: [
      {
        title: 'Leader',
        description: 'One replica works.',
        queries: [[`sum(leader_election_master_status{${JOB}})`, 'leaders']],
        kind: 'stat',
      },
      {
        title: 'Waiting in queues',
        description: 'Objects that are due and not yet looked at.',
        queries: [[`sum by (name) (workqueue_depth{${JOB}})`, '{{name}}']],
      },
      {
        title: 'Reconcile errors a second',
        description: 'By kind.',
        queries: [
          [`sum by (controller) (${rate('controller_runtime_reconcile_errors_total')})`, '{{controller}}'],
        ],
      },
      {
        title: 'Requests to the API server a second',
        description: 'By answer.',
        queries: [[`sum by (code) (${rate('rest_client_requests_total')})`, '{{code}}']],
      },
      {
        title: 'Memory',
        description: 'Resident, by replica.',
        queries: [[`process_resident_memory_bytes{${JOB}}`, '{{instance}}']],
        unit: 'bytes',
      },
      {
        title: 'Cores',
        description: 'Used, by replica.',
        queries: [[rate('process_cpu_seconds_total'), '{{instance}}']],
      },
      {
        title: 'Event loop, 99 %',
        description: 'How long anything waits for its turn in the process.',
        queries: [[`nodejs_eventloop_lag_p99_seconds{${JOB}}`, '{{instance}}']],
        unit: 's',
      },
    ],
  },
];

/** Every query, for those who check them. */
export const DASHBOARD_QUERIES: readonly string[] = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(([expr]) => expr)),
);
