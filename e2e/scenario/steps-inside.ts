import type { Step } from './step.ts';
import { type Stage, SYSTEM } from './stage.ts';

/** Runs a script in the pod that leads, as the operator's user and with its account. */
async function inside(stage: Stage, script: string, ...flags: string[]): Promise<string> {
  const leader = await stage.leader();
  const node = ['node', ...flags, '--input-type=module', '--eval', script];
  return (await stage.cluster.kubectl(['exec', leader, '-n', SYSTEM, '--', ...node])).trim();
}

/** Asks the API server as a pod does, and tells the status of each answer. */
function asking(requests: readonly (readonly [string, string])[]): string {
  return `
    import { readFileSync } from 'node:fs';
    import { request } from 'node:https';
    const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
    const ca = readFileSync(dir + 'ca.crt');
    const headers = { authorization: 'Bearer ' + readFileSync(dir + 'token', 'utf8'), 'content-type': 'application/json' };
    const ask = (method, path) => new Promise((resolve, reject) =>
      request('https://kubernetes.default.svc' + path, { method, ca, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).once('error', reject).end(method === 'POST' ? '{}' : undefined));
    const statuses = [];
    for (const [method, path] of ${JSON.stringify(requests)}) statuses.push(await ask(method, path));
    console.log(JSON.stringify(statuses));
  `;
}

const MAY: [string, string][] = [
  ['GET', '/apis/sluice.dev/v1alpha1/promotions'],
  ['GET', '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shop'],
  ['GET', `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/sluice`],
];

const MAY_NOT: [string, string][] = [
  ['GET', '/api/v1/secrets'],
  ['GET', '/api/v1/nodes'],
  ['GET', `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases`],
  ['POST', '/api/v1/namespaces/shop/pods'],
  ['POST', '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts'],
  ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
  ['DELETE', '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shop'],
];

function expectSame(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** The operator's container, from inside. */
export const insides: readonly Step[] = [
  {
    title: 'with the token of its pod the operator may do what it needs, and is refused anything else',
    play: async (stage) => {
      const statuses: number[] = JSON.parse(await inside(stage, asking([...MAY, ...MAY_NOT])));
      expectSame('answers', statuses, [...MAY.map(() => 200), ...MAY_NOT.map(() => 403)]);
      return `${MAY.length} allowed, ${MAY_NOT.length} refused`;
    },
  },
  {
    title: 'it is nobody, cannot write to its image, and has no shell',
    play: async (stage) => {
      const found = await inside(
        stage,
        `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
         let written = 'yes';
         try { writeFileSync('/app/x', ''); } catch (error) { written = error.code; }
         const status = readFileSync('/proc/1/status', 'utf8');
         console.log(JSON.stringify({
           uid: process.getuid(), written, shell: existsSync('/bin/sh'),
           capabilities: /^CapEff:\\s+(\\w+)/m.exec(status)[1], seccomp: /^Seccomp:\\s+(\\d)/m.exec(status)[1],
         }));`,
      );
      const wanted = {
        uid: 65532,
        written: 'EROFS',
        shell: false,
        capabilities: '0'.repeat(16),
        seccomp: '2',
      };
      expectSame('it', JSON.parse(found), wanted);
    },
  },
  {
    title: 'Node takes the memory limit for the machine, and the heap its share of it',
    play: async (stage) => {
      const found = await inside(
        stage,
        `import { readFileSync } from 'node:fs';
         import { getHeapStatistics } from 'node:v8';
         const resident = /^VmRSS:\\s+(\\d+)/m.exec(readFileSync('/proc/1/status', 'utf8'))[1];
         console.log(JSON.stringify({
           limit: process.constrainedMemory() / 2 ** 20, heap: getHeapStatistics().heap_size_limit / 2 ** 20,
           resident: resident / 1024, command: readFileSync('/proc/1/cmdline', 'utf8'),
         }));`,
        '--max-semi-space-size=8',
        '--max-old-space-size-percentage=65',
      );
      const {
        limit,
        heap,
        resident,
        command,
      }: Record<'limit' | 'heap' | 'resident', number> & { command: string } = JSON.parse(found);
      if (!command.includes('--max-old-space-size-percentage=65')) throw new Error(`it runs as ${command}`);
      expectSame('the limit in MiB', limit, 512);
      if (heap < 0.65 * limit || heap > 0.75 * limit)
        throw new Error(`a heap of ${heap} MiB under ${limit} MiB`);
      return `heap of at most ${Math.round(heap)} MiB under ${limit} MiB; the leader has ${Math.round(resident)} MiB resident`;
    },
  },
  {
    title: 'whoever takes more than the limit is killed; the operator goes on',
    play: async (stage) => {
      const leader = await stage.leader();
      const taken = await inside(stage, `const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1));`).then(
        () => 'it ended by itself',
        (error: unknown) => String(error),
      );
      if (!taken.includes('137')) throw new Error(`it was not killed: ${taken.slice(0, 300)}`);
      const pod = (await stage.operators()).find(({ metadata }) => metadata.name === leader);
      const { restartCount, lastState } = pod?.status?.containerStatuses?.[0] ?? {};
      return `exit code 137; restarts of the operator: ${restartCount} ${lastState?.terminated?.reason ?? ''}`.trim();
    },
  },
];
