import type { Api } from './api.ts';
import { exposition } from './exposition.ts';
import { serve } from './http.ts';
import type { ReplicaSet, Rollout } from './kinds.ts';
import { type Behaviour, isPreview, RequestCounters, type Served, sharesOf } from './requests.ts';
import { follow } from './watch.ts';

const TICK_MS = 100;

/** What the traffic is like before anything is told to it. */
export interface TrafficOptions {
  /** Only this namespace; all of them unless given. */
  namespace?: string;
  /** Requests per second to each Rollout; 50 unless given. */
  ratePerSecond?: number;
  /** How an image behaves; without errors unless given. */
  behaviour?: (image: string) => Behaviour;
}

/** Which versions: all that match every field given. */
export interface VersionScope {
  namespace?: string;
  rollout?: string;
  /** Pod template hash. */
  hash?: string;
}

/** Running traffic. */
export interface Traffic {
  /** Base of `/metrics`. */
  readonly url: string;
  /** From now on requests to `image` go like this. */
  behave(image: string, behaviour: Behaviour): void;
  /** From now on that Rollout gets so many requests per second. */
  rate(namespace: string, rollout: string, perSecond: number): void;
  /** From now on somebody sends so many requests per second to the preview of that blue-green Rollout. */
  preview(namespace: string, rollout: string, perSecond: number): void;
  /**
   * Makes metrics fail to arrive, or arrive again. Without a scope `/metrics` answers 503; with one the
   * series of those versions are missing. Requests go on meanwhile.
   */
  silence(on: boolean, scope?: VersionScope): void;
  stop(): Promise<void>;
}

/** Plays the requests to the pods of Rollouts and counts them as the pods would. */
export async function startTraffic(api: Api, options: TrafficOptions = {}): Promise<Traffic> {
  const { namespace, ratePerSecond = 50, behaviour = () => ({ errorRate: 0 }) } = options;
  const where = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const [rollouts, replicaSets] = await Promise.all([
    follow<Rollout>(api, `/apis/argoproj.io/v1alpha1${where}/rollouts`),
    follow<ReplicaSet>(api, `/apis/apps/v1${where}/replicasets`),
  ]);
  const counters = new RequestCounters();
  const behaviours = new Map<string, Behaviour>();
  const rates = new Map<string, number>();
  const previews = new Map<string, number>();
  const silenced = new Map<string, VersionScope>();

  let last = performance.now();
  const tick = (): void => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    counters.keepOnlyRollouts(new Set(rollouts.objects.keys()));
    for (const [key, rollout] of rollouts.objects) {
      const { namespace = '', name } = rollout.metadata;
      const sets = [...replicaSets.objects.values()].filter((rs) => rs.metadata.namespace === namespace);
      const shares = sharesOf(rollout, sets);
      counters.keepOnly(namespace, name, new Set(shares.map(({ hash }) => hash)));
      for (const { hash, image, share } of shares) {
        const tested = isPreview(rollout, hash) ? (previews.get(key) ?? 0) : 0;
        const requests = ((rates.get(key) ?? ratePerSecond) * share + tested) * seconds;
        counters.add(namespace, name, hash, requests, behaviours.get(image) ?? behaviour(image));
      }
    }
  };
  const timer = setInterval(tick, TICK_MS);

  const server = await serve((_, answer) => {
    const scopes = [...silenced.values()];
    if (scopes.some((scope) => Object.keys(scope).length === 0)) {
      answer.statusCode = 503;
      answer.end();
      return;
    }
    tick();
    answer.setHeader('content-type', 'text/plain; version=0.0.4');
    answer.end(
      exposition(counters.served.filter((version) => !scopes.some((scope) => matches(version, scope)))),
    );
  });

  return {
    url: server.url,
    behave: (image, how) => void behaviours.set(image, how),
    rate: (namespace, rollout, perSecond) => void rates.set(`${namespace}/${rollout}`, perSecond),
    preview: (namespace, rollout, perSecond) => void previews.set(`${namespace}/${rollout}`, perSecond),
    silence: (on, scope = {}) => {
      if (on) silenced.set(keyOf(scope), scope);
      else silenced.delete(keyOf(scope));
    },
    stop: async () => {
      clearInterval(timer);
      rollouts.stop();
      replicaSets.stop();
      await server.stop();
    },
  };
}

function keyOf({ namespace, rollout, hash }: VersionScope): string {
  return JSON.stringify([namespace, rollout, hash]);
}

function matches(version: Served, { namespace, rollout, hash }: VersionScope): boolean {
  return (
    (namespace === undefined || namespace === version.namespace) &&
    (rollout === undefined || rollout === version.rollout) &&
    (hash === undefined || hash === version.hash)
  );
}
