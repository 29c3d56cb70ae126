import { join } from 'node:path';
import { ensureHelm, ensureKubernetes } from '../test/harness/programs/ensure.ts';
import type { RealCluster } from './cluster.ts';
import type { Image } from './images/archive.ts';
import { run } from './run.ts';

const root = join(import.meta.dirname, '..');
const CLUSTER = 'sluice-e2e';

/** kind, of the version that go.mod pins. */
const KIND = ['go', '-C', 'e2e', 'tool', 'kind'];

function kind(...args: string[]): Promise<string> {
  return run([...KIND, ...args, '--name', CLUSTER], { cwd: root });
}

/** A kind cluster of its own, whose node is a container. */
export class KindCluster implements RealCluster {
  readonly name = 'kind';
  readonly #env: Record<string, string>;

  /** @param dir for kubeconfig and caches. */
  constructor(dir: string) {
    const home = join(dir, 'helm');
    this.#env = {
      KUBECONFIG: join(dir, 'kubeconfig'),
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
    };
  }

  async create(): Promise<void> {
    await kind('create', 'cluster', '--wait', '120s', '--kubeconfig', this.#env['KUBECONFIG'] ?? '');
  }

  async delete(): Promise<void> {
    const args = ['delete', 'cluster', '--kubeconfig', this.#env['KUBECONFIG'] ?? ''];
    await run([...KIND, ...args, '--name', CLUSTER], { cwd: root, last: true });
  }

  /** Loads an image that Docker has. */
  async loadFromDocker(image: string): Promise<void> {
    await kind('load', 'docker-image', image);
  }

  async load(image: Image): Promise<void> {
    await kind('load', 'image-archive', image.archive);
    const ctr = ['ctr', '--namespace', 'k8s.io', 'images', 'tag', '--force', image.name, image.byDigest];
    await run(['docker', 'exec', `${CLUSTER}-control-plane`, ...ctr]);
  }

  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const { kubectl } = await ensureKubernetes();
    return run([kubectl, ...args], { env: this.#env, ...(input !== undefined && { input }) });
  }

  async helm(args: readonly string[]): Promise<string> {
    return run([await ensureHelm(), ...args], { env: this.#env });
  }
}
