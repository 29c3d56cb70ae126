// Starts programs, tells their process ids and the directory in one line of JSON, and waits to be ended.
// Argument: `control-plane`, or `stubborn` for a program with a child, both of which ignore SIGTERM.
import { startControlPlane } from '../../harness/control-plane.ts';
import { Run } from '../../harness/run.ts';

interface Victims {
  dir: string;
  pids: (number | undefined)[];
}

async function controlPlane(): Promise<Victims> {
  const { facts, programs } = await startControlPlane();
  return { dir: facts.dir, pids: Object.values(programs).map(({ pid }) => pid) };
}

async function stubborn(): Promise<Victims> {
  const run = new Run();
  const parent = await run.start({
    name: 'stubborn',
    command: 'sh',
    args: ['-c', 'trap "" TERM; sleep 1000 & echo "child $!"; while :; do wait; done'],
    ready: async (program) => program.logTail().includes('child '),
  });
  const child = Number(/child (\d+)/.exec(parent.logTail())?.[1]);
  return { dir: run.dir, pids: [parent.pid, child] };
}

const victims = process.argv[2] === 'control-plane' ? controlPlane() : stubborn();
process.stdout.write(`${JSON.stringify(await victims)}\n`);
