import { type ControlPlane, startControlPlane } from './control-plane.ts';
import type { Controls } from './controls.ts';
import type { Pod } from './kinds.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { type Prometheus, type ScrapeTarget, startPrometheus } from './prometheus.ts';
import { startTraffic, type Traffic, type TrafficOptions } from './traffic.ts';

/** What `startWorld` may be told. */
export interface WorldOptions {
  traffic?: TrafficOptions;
  /** Targets beside the traffic, for example the operator's own metrics. */
  scrape?: readonly ScrapeTarget[];
  /** Keep the programs' logs in this directory; without it they go with the run. */
  logDir?: string;
}

/** A control plane with pods that run, traffic to them, and a Prometheus that sees it. */
export interface World {
  cluster: ControlPlane;
  prometheus: Prometheus;
  controls: Controls;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

/** Starts a world; every part of it can be stopped and started again through `cluster.programs` and `prometheus.program`. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { logDir, scrape = [] } = options;
  const cluster = await startControlPlane(logDir === undefined ? {} : { logDir });
  try {
    const pods = podRules();
    const [kubelet, traffic] = await Promise.all([
      startKubelet(cluster.api, pods),
      startTraffic(cluster.api, options.traffic),
    ]);
    const prometheus = await startPrometheus(cluster.run, [{ job: 'traffic', url: traffic.url }, ...scrape]);
    return {
      cluster,
      prometheus,
      controls: controlsOf(kubelet, pods, traffic),
      stop: async () => {
        kubelet.stop();
        await traffic.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

interface PodRules {
  unready: Set<string>;
  exitCodes: Map<string, number | undefined>;
  digests: Map<string, string>;
  digest(image: string): string | undefined;
  isReady(pod: Pod): boolean;
  exitCode(pod: Pod): number | undefined;
}

/** How pods fare, by the image of any of their containers. */
function podRules(): PodRules {
  const unready = new Set<string>();
  const exitCodes = new Map<string, number | undefined>();
  const digests = new Map<string, string>();
  return {
    unready,
    exitCodes,
    digests,
    digest: (image) => digests.get(image),
    isReady: ({ spec }) => !spec.containers.some(({ image }) => unready.has(image)),
    exitCode: ({ spec }) => {
      const told = spec.containers.find(({ image }) => exitCodes.has(image));
      return told ? exitCodes.get(told.image) : 0;
    },
  };
}

function controlsOf(kubelet: Kubelet, pods: PodRules, traffic: Traffic): Controls {
  return {
    behave: async (image, behaviour) => traffic.behave(image, behaviour),
    rate: async (namespace, rollout, perSecond) => traffic.rate(namespace, rollout, perSecond),
    preview: async (namespace, rollout, perSecond) => traffic.preview(namespace, rollout, perSecond),
    silence: async (on, scope) => traffic.silence(on, scope),
    ready: async (image, isReady) => {
      if (isReady) pods.unready.delete(image);
      else pods.unready.add(image);
      kubelet.review();
    },
    exits: async (image, code) => {
      pods.exitCodes.set(image, code);
      kubelet.review();
    },
    moves: async (image, digest) => void pods.digests.set(image, digest),
  };
}
