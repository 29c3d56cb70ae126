import type { Controls } from '../../harness/controls.ts';
import type { Api } from '../../harness/api.ts';
import type { Cluster } from '../../harness/cluster.ts';
import type { Place, PlaceOptions } from '../../harness/promotions.ts';
import type { Version } from '../history.ts';

/* What a scene is, and what most of them are made of. */

/** Where a scene is played. */
export interface Setting {
  cluster: Cluster;
  api: Api;
  controls: Controls;
  prometheusUrl: string;
  namespace: string;
}

/** A promotion whose end is known, played again and again under another name. */
export interface Scene {
  title: string;
  /** Makes everything but the promotion. */
  prepare(setting: Setting, app: string): Promise<Place>;
  /**
   * Makes it fail, once it stands where it is to fail: until then its gate says neither yes nor no, so that every run
   * takes the same way.
   */
  fail?(setting: Setting, place: Place, patienceMs: number | undefined): Promise<unknown>;
  /** What persons decide once it is asked for, and what becomes of it. */
  decide?(setting: Setting, of: Asked): Promise<unknown>;
  /** What its history shows against what this scene is about, beside the laws. */
  broken?(versions: readonly Version[], of: Asked): string[];
}

/** A promotion under way, for who decides on it. */
export interface Asked {
  app: string;
  place: Place;
  promotion: string;
}

/** The Secret that every gate sends with its queries, and that must come to light nowhere. */
export const SECRET = 'planted';

/** As short as whole seconds allow; it settles for a second, so that a sample can be too early. */
export const TIMING = { settleSeconds: 1, minStepSeconds: 0, bakeSeconds: 1, maxBlindSeconds: 300 };

const requests = (more = ''): string =>
  `sum(http_requests_total{namespace="{{ targetNamespace }}",rollouts_pod_template_hash="{{ canaryHash }}"${more}})`;

/**
 * The share of failed requests since the canary began: without a range, so a sample may pass as soon as there is data,
 * and with no data it says nothing.
 */
export function errorShare({ prometheusUrl }: Setting): object {
  return {
    prometheus: {
      address: prometheusUrl,
      auth: { secretName: SECRET, type: 'Bearer' },
      // The first few requests say nothing. Within the query, since one of its own sees another scrape now and then.
      query: `((${requests(',code=~"5.."')} or vector(0)) / ${requests()}) and (${requests()} >= 10)`,
      pass: 'value <= 0.05',
      fail: 'value > 0.5',
    },
    intervalSeconds: 1,
    count: 1,
  };
}

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];

/** A Rollout of two pauses, judged by real requests. */
export function optionsFor(setting: Setting): PlaceOptions {
  return { gate: errorShare(setting), analysis: TIMING, replicas: 2, steps: STEPS };
}

/** The Environment of an app whose gates are others than the one that judges it. */
export function environmentOf(app: string, gates: readonly object[], more: object = {}): object {
  return { targets: [{ name: app, rollout: { name: app } }], gates, analysis: TIMING, ...more };
}
