import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ProgramSpec } from '../../test/harness/process.ts';
import { at, known, NODE_IP } from './state.ts';

/*
 * The holder keeps the node's namespaces: mounts, network, processes. It is process 1 of them, so that when it ends,
 * the kernel ends all others, shims and pods too, and takes back mounts, devices and rules. Nothing has to be
 * remembered for that.
 */

/** Where programs write, whatever they are told: their own empty folders cover the machine's. */
const COVERED = ['/run', '/var/lib', '/var/log'];

/**
 * What the kubelet wants of the machine's kernel. It finds it, in files that cover the real ones, and so writes
 * nothing: these are no settings of a namespace, they would change the whole machine.
 */
const WANTED: Record<string, string> = {
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/** The holder, which is ready once its namespaces are furnished. */
export function holder(pause: string): ProgramSpec {
  const script = at('holder.sh');
  mkdirSync(at('sysctl'), { recursive: true });
  writeFileSync(script, furnish(pause));
  return {
    name: 'holder',
    command: 'unshare',
    args: ['--mount', '--net', '--pid', '--fork', '--kill-child', '--propagation=private', 'bash', script],
    ready: async () => holderPid() !== undefined,
    readyTimeoutMs: 10_000,
  };
}

/** Its number outside; undefined until all is furnished. */
export function holderPid(): number | undefined {
  try {
    const pid = Number(readFileSync(at('holder.pid'), 'utf8'));
    return known(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function furnish(pause: string): string {
  const cover = Object.entries(WANTED).flatMap(([name, value]) => {
    const file = at('sysctl', name.replaceAll('/', '.'));
    writeFileSync(file, `${value}\n`);
    return [`mount --bind ${file} /proc/sys/${name}`];
  });
  return `set -eu
# Read before /proc is the namespace's own, this is the number outside.
read -r pid _ < /proc/self/stat
mount --make-rshared /
mount -t proc proc /proc
${COVERED.map((path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`).join('\n')}
${cover.join('\n')}
ip link set lo up
ip link add node0 type bridge
ip address add ${NODE_IP}/24 dev node0
ip link set node0 up
# Nothing is behind it. Without a default route a Service's address is unreachable before it could be translated.
ip route add default dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo "$pid" > ${at('holder.pid')}
exec ${pause}
`;
}

/** How a program is started in all of the node's namespaces. */
export function inNode(spec: ProgramSpec): ProgramSpec {
  const [command = '', ...args] = entering([spec.command, ...spec.args]);
  return { ...spec, command, args };
}

/** The words that run others in the node's namespaces. `nsenter` forgets the working directory: paths are absolute. */
export function entering(words: readonly string[]): string[] {
  return ['nsenter', `--target=${pidOrThrow()}`, '--mount', '--net', '--pid', '--', ...words];
}

/** The words that run others in the node's network, with the machine's files. */
export function onItsNetwork(words: readonly string[]): string[] {
  return ['nsenter', `--target=${pidOrThrow()}`, '--net', '--', ...words];
}

function pidOrThrow(): number {
  const pid = holderPid();
  if (pid === undefined) throw new Error('there is no node: its holder does not run');
  return pid;
}
