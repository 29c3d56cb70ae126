import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send } from './http.ts';
import { answers } from './kubernetes-programs.ts';
import { freePort } from './ports.ts';
import type { Program } from './process.ts';
import { ensurePrometheus } from './programs/ensure.ts';
import type { Run } from './run.ts';

/** Something to scrape, every second, at `/metrics`. */
export interface ScrapeTarget {
  job: string;
  /** `http://host:port`. */
  url: string;
}

/** One series of an instant query's answer. */
export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** A running Prometheus. */
export class Prometheus {
  readonly url: string;
  /** To stop, freeze, kill and start again: same port, same data. */
  readonly program: Program;

  constructor(url: string, program: Program) {
    this.url = url;
    this.program = program;
  }

  /** Asks an instant query. */
  query(expression: string): Promise<Sample[]> {
    return queryPrometheus(this.url, expression);
  }
}

/**
 * Starts the real Prometheus, on loopback, with its data in the directory of the run.
 * @param ruleFiles absolute paths of files with alerts.
 * @param jobs more of `scrape_configs`.
 */
export async function startPrometheus(
  run: Run,
  targets: readonly ScrapeTarget[],
  ruleFiles: readonly string[] = [],
  jobs: readonly object[] = [],
): Promise<Prometheus> {
  const command = await ensurePrometheus();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(run.dir, 'prometheus.json');
  writeFileSync(config, JSON.stringify({ ...configFor(targets, jobs), rule_files: ruleFiles }));
  const program = await run.start({
    name: 'prometheus',
    command,
    args: [
      `--config.file=${config}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--storage.tsdb.path=${join(run.dir, 'prometheus')}`,
      '--storage.tsdb.retention.time=1d',
      '--log.level=warn',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  return new Prometheus(url, program);
}

function configFor(targets: readonly ScrapeTarget[], jobs: readonly object[]): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    scrape_configs: [
      ...targets.map(({ job, url }) => ({
        job_name: job,
        // The traffic program speaks for many pods, so its own labels are the right ones.
        honor_labels: true,
        static_configs: [{ targets: [new URL(url).host] }],
      })),
      ...jobs,
    ],
  };
}

interface QueryAnswer {
  status: string;
  error?: string;
  data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
}

/**
 * Asks a Prometheus an instant query that answers with a vector.
 * @throws Error with what Prometheus says when it refuses.
 */
export async function queryPrometheus(url: string, expression: string): Promise<Sample[]> {
  const { body } = await send(
    'GET',
    `${url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`,
  );
  const { status, error, data }: QueryAnswer = JSON.parse(body);
  if (status !== 'success' || data?.resultType !== 'vector') {
    throw new Error(`${expression}: ${error ?? 'the answer is no vector'}`);
  }
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}
