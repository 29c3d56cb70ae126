import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, type ClusterFacts } from './cluster.ts';
import { type Controls, remoteControls, serveControls } from './controls.ts';
import { queryPrometheus, type Sample } from './prometheus.ts';
import type { World } from './world.ts';

/** Environment variable with the path of the facts; test files of a jest run inherit it. */
export const SHARED_WORLD = 'SLUICE_TEST_WORLD';

interface SharedFacts {
  cluster: ClusterFacts;
  prometheusUrl: string;
  controlsUrl: string;
  operatorUrl: string;
}

/** A world that other test files use too: stay in namespaces and images of your own, and break no program. */
export interface SharedWorld {
  cluster: Cluster;
  prometheus: { url: string; query(expression: string): Promise<Sample[]> };
  controls: Controls;
  /** Base of the operator's `/metrics`, `/healthz` and `/readyz`. */
  operatorUrl: string;
}

/** Publishes a world of this process, and its operator, to its test files; returns how to end it all. */
export async function shareWorld(world: World, operatorUrl: string): Promise<() => Promise<void>> {
  const server = await serveControls(world.controls);
  const facts: SharedFacts = {
    cluster: world.cluster.facts,
    prometheusUrl: world.prometheus.url,
    controlsUrl: server.url,
    operatorUrl,
  };
  const path = join(world.cluster.facts.dir, 'world.json');
  writeFileSync(path, JSON.stringify(facts), { mode: 0o600 });
  process.env[SHARED_WORLD] = path;
  return async () => {
    await server.stop();
    await world.stop();
  };
}

/**
 * The world that jest's global set-up has started for all test files of the project `integration`.
 * @throws Error when there is none, as in another project.
 */
export function sharedWorld(): SharedWorld {
  const path = process.env[SHARED_WORLD];
  if (path === undefined) throw new Error('no shared world: only the jest project `integration` has one');
  const { cluster, prometheusUrl, controlsUrl, operatorUrl }: SharedFacts = JSON.parse(
    readFileSync(path, 'utf8'),
  );
  return {
    cluster: new Cluster(cluster),
    prometheus: { url: prometheusUrl, query: (expression) => queryPrometheus(prometheusUrl, expression) },
    controls: remoteControls(controlsUrl),
    operatorUrl,
  };
}
