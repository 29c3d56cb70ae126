import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ProgramSpec } from '../../test/harness/process.ts';
import type { Image } from '../images/archive.ts';
import { entering } from './holder.ts';
import { at, POD_CIDR } from './state.ts';

const run = promisify(execFile);

/** Where containerd serves; short, because a socket's path is. */
export const SOCKET = at('containerd.sock');

/** Where Debian has the CNI plugins. */
export const CNI_PLUGINS = '/usr/lib/cni';

/** The name of the image of every sandbox. */
export const PAUSE = 'localhost/pause:local';

/** containerd with its own root, state and socket. */
export function containerd(): ProgramSpec {
  mkdirSync(at('cni'), { recursive: true });
  writeFileSync(at('cni', '10-bridge.conflist'), JSON.stringify(network(), undefined, 2));
  writeFileSync(at('containerd.toml'), configuration());
  return {
    name: 'containerd',
    command: 'containerd',
    args: [`--config=${at('containerd.toml')}`],
    ready: async () => {
      await ctr('version');
      return true;
    },
    readyTimeoutMs: 20_000,
  };
}

/** Makes an image known to containerd, by its tag and by its digest. */
export async function importImage(image: Image): Promise<void> {
  await ctr('images', 'import', image.archive);
  await ctr('images', 'tag', '--force', image.name, image.byDigest);
  rmSync(image.archive);
}

function ctr(...args: string[]): Promise<unknown> {
  const [command = '', ...words] = entering(['ctr', '--address', SOCKET, '--namespace', 'k8s.io', ...args]);
  return run(command, words);
}

/** One bridge for all pods, with addresses from a file; network policies are not enforced by it. */
function network(): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods0',
        isDefaultGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: POD_CIDR }]], dataDir: at('cni', 'addresses') },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function configuration(): string {
  return `version = 2
root = "${at('containerd', 'root')}"
state = "${at('containerd', 'state')}"

[grpc]
  address = "${SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  disable_apparmor = true
  # A root without CAP_SYS_RESOURCE cannot lower a score, and runc then fails without saying why.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${CNI_PLUGINS}"
    conf_dir = "${at('cni')}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${at('containerd', 'opt')}"
`;
}
