import { randomBytes } from 'node:crypto';
import { FaultProxy } from '../harness/fault-proxy.ts';
import { installChart } from '../harness/helm.ts';
import { type OperatorOptions, type RunningOperator, startOperator } from '../harness/operator.ts';
import { startWorld, type World } from '../harness/world.ts';
import { Lives } from './lives.ts';
import { type Setting, SECRET } from './scenes/scene.ts';

/** An operator and the proxy between it and the API server. */
export interface Replica {
  proxy: FaultProxy;
  operator: RunningOperator;
}

/** A namespace with an operator of its own that works only there. */
export interface Lane extends Replica {
  world: World;
  namespace: string;
  setting: Setting;
  /** What is in the planted Secret. */
  secret: string;
  /** The deaths of its operator. */
  lives: Lives;
  close(): Promise<void>;
}

/** A world in which cases are played side by side, each in a lane. */
export class Lanes {
  readonly world: World;
  readonly #free: Lane[] = [];
  readonly #opened: Lane[] = [];
  #count = 0;

  private constructor(world: World) {
    this.world = world;
  }

  static async open(): Promise<Lanes> {
    const world = await startWorld(
      process.env['SLUICE_LOG_DIR'] ? { logDir: process.env['SLUICE_LOG_DIR'] } : {},
    );
    await installChart(world.cluster);
    return new Lanes(world);
  }

  /** Has work done in a lane, which the next may have when it went well: a broken one says nothing about what is next. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = this.#free.pop() ?? (await this.lane());
    let isFit = false;
    try {
      const result = await work(lane);
      // The last write of a scene may have been a deadly one.
      await lane.lives.up();
      isFit = lane.operator.program.pid !== undefined;
      return result;
    } finally {
      lane.proxy.calm();
      if (isFit) this.#free.push(lane);
      else await lane.close();
    }
  }

  /** A new lane, for one case alone. */
  async lane(options: OperatorOptions = {}, namespace?: string): Promise<Lane> {
    this.#count += 1;
    const lane = await openLane(this.world, namespace ?? `lane-${this.#count}`, options);
    this.#opened.push(lane);
    return lane;
  }

  /** Every lane there was, with the name that its operator has in the audit log. */
  get opened(): readonly Lane[] {
    return this.#opened;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((lane) => lane.close()));
    await this.world.stop();
  }
}

async function openLane(world: World, namespace: string, options: OperatorOptions): Promise<Lane> {
  const { cluster, prometheus, controls } = world;
  await cluster.createNamespace(namespace);
  const secret = randomBytes(24).toString('hex');
  await cluster.api.create(`/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: SECRET },
    stringData: { token: secret },
  });
  const proxy = await new FaultProxy(cluster, namespace).start();
  const operator = await startLaneOperator(world, namespace, proxy, options);
  const lives = new Lives(operator.program);
  return {
    world,
    namespace,
    setting: { cluster, api: cluster.api, controls, prometheusUrl: prometheus.url, namespace },
    proxy,
    operator,
    secret,
    lives,
    close: async () => {
      await lives.end();
      await proxy.stop();
    },
  };
}

/** Starts an operator behind a proxy; without a lease, because a killed leader's would be waited for. */
export function startLaneOperator(
  { cluster, prometheus }: World,
  namespace: string,
  proxy: FaultProxy,
  { name = `operator-${proxy.name}`, args = ['--leader-elect=false'], ...options }: OperatorOptions = {},
): Promise<RunningOperator> {
  return startOperator(cluster.run, cluster, {
    name,
    kubeconfig: proxy.kubeconfig,
    prometheusAddress: prometheus.url,
    args: [...args, `--namespaces=${namespace}`],
    ...options,
  });
}
