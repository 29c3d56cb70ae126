import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CNI_PLUGINS } from './containerd.ts';

/** What Debian calls what is needed: `apt-get install --no-install-recommends` of these. */
const PACKAGES =
  'containerd runc containernetworking-plugins iptables conntrack ipset iproute2 openssl util-linux';

const PROGRAMS = [
  'containerd',
  'ctr',
  'runc',
  'iptables',
  'conntrack',
  'ip',
  'openssl',
  'unshare',
  'nsenter',
];

/** Why there can be no node on this machine, in one sentence; undefined if nothing speaks against it. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'a node needs Linux';
  if (process.getuid?.() !== 0) return 'a node needs root: run it as root, on a machine for tests';
  const path = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = PROGRAMS.filter((name) => !path.some((dir) => existsSync(join(dir, name))));
  if (!existsSync(join(CNI_PLUGINS, 'bridge'))) missing.push(`the CNI plugins in ${CNI_PLUGINS}`);
  if (missing.length > 0) {
    return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing: on Debian, apt-get install --no-install-recommends ${PACKAGES}`;
  }
  if (!mayUnshare()) return 'this root may not make namespaces (is this a container without privileges?)';
  if (!existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables')) {
    return 'the kernel does not show bridged packets to iptables: modprobe br_netfilter';
  }
  return undefined;
}

function mayUnshare(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
