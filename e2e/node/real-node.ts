import type { RealCluster } from '../cluster.ts';
import type { Image } from '../images/archive.ts';
import { run } from '../run.ts';
import { importImage } from './containerd.ts';
import { holderPid, onItsNetwork } from './holder.ts';
import { kubeconfig } from './pki.ts';
import { nodeProcesses } from './processes.ts';
import { at } from './state.ts';

/** The programs that speak to the API server for the scenario. */
interface Clients {
  kubectl: string;
  helm: string;
}

/** The node of this machine, once it is up. */
export class RealNode implements RealCluster {
  readonly name = 'a node of this machine';
  readonly #clients: Clients;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    const options = ['--kubeconfig', kubeconfig('admin'), '--cache-dir', at('kubectl')];
    const words = onItsNetwork([this.#clients.kubectl, ...options, ...args]);
    return run(words, input === undefined ? {} : { input });
  }

  helm(args: readonly string[]): Promise<string> {
    const home = at('helm');
    return run(onItsNetwork([this.#clients.helm, ...args]), {
      env: {
        KUBECONFIG: kubeconfig('admin'),
        HELM_CACHE_HOME: home,
        HELM_CONFIG_HOME: home,
        HELM_DATA_HOME: home,
      },
    });
  }

  load(image: Image): Promise<void> {
    return importImage(image);
  }

  async signal(uid: string, signal: NodeJS.Signals): Promise<void> {
    const first = nodeProcesses(holderPid() ?? 0)
      .filter(({ cgroup, name }) => cgroup.includes(uid) && name !== 'pause')
      .toSorted((a, b) => a.pid - b.pid)
      .at(0);
    if (!first) throw new Error(`pod ${uid} has no process`);
    process.kill(first.pid, signal);
  }

  memory(): Record<string, number> {
    const resident: Record<string, number> = {};
    for (const { name, mb } of nodeProcesses(holderPid() ?? 0)) resident[name] = (resident[name] ?? 0) + mb;
    return resident;
  }
}
