import { createServer } from 'node:net';

/**
 * Below every system's range for outgoing connections (Linux 32768+, macOS 49152+): a port that is
 * free now cannot be taken by somebody's outgoing connection before the program binds it.
 */
const LOWEST = 10_240;
const HIGHEST = 32_000;

/** Ports this process has already handed out, bound or not. */
const given = new Set<number>();

/**
 * Finds TCP ports that nothing listens on at 127.0.0.1.
 * Two processes could still pick the same one between the probe and the bind; with 20,000 to choose
 * from at random that is rare enough, and the program that lost says so in its log.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

/** One port as `freePorts` finds it. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    // Programs that bind every address (the Rollouts controller) need it free everywhere.
    probe.listen({ port, host: '0.0.0.0', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
