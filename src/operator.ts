import dotI from '@dot-i/k8s-operator';
import type { PooledKubeConfig } from './kube/config.ts';
import { type Clock, sleep } from './runtime/clock.ts';
import { TerminalError } from './runtime/errors.ts';
import type { Log } from './runtime/log.ts';

/** Something that runs for as long as the process does: a cache, a controller, a server. */
export interface Part {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

export interface OperatorOptions {
  /** Started in this order, stopped in the reverse one. */
  parts: readonly Part[];
  log: Log;
  clock: Clock;
  config: PooledKubeConfig;
  /** Milliseconds that stopping may take, all parts together; 30 s by default. */
  stopMs?: number;
}

/** What every part is left with when those before it used up the time: enough to give a lease back. */
const LEAST_STOP_MS = 1_000;

/** Methods of the base class that dial the API server, or lead to one that does. */
const REFUSED = [
  'getCustomResourceApiUri',
  'registerCustomResourceDefinition',
  'watchResource',
  'setResourceStatus',
  'patchResourceStatus',
  'resourceStatusRequest',
  'handleResourceFinalizer',
  'setResourceFinalizers',
  'applyAxiosKubeConfigAuth',
  'applyGaxiosKubeConfigAuth',
] as const;

/**
 * The operator as @dot-i/k8s-operator has it: `start` and `init` are inherited. What the base class dials itself
 * does not work on a modern client (it exits the process on an idle watch and on stop, and its status writes
 * fail in silence), so all of that is refused here, and `src/kube` does the work.
 */
export class SluiceOperator extends dotI.default {
  private readonly options: OperatorOptions;
  private readonly started: Part[];
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  /** @throws TerminalError `InvalidKubeConfig`: the base class reads the default kubeconfig, wanted or not */
  constructor(options: OperatorOptions) {
    const { log } = options;
    try {
      super({
        debug: (message) => log.debug({}, message),
        info: (message) => log.info({}, message),
        warn: (message) => log.warn({}, message),
        error: (message) => log.error({}, message),
      });
    } catch {
      // The cause quotes the file, and the file may hold a token.
      throw new TerminalError('InvalidKubeConfig', 'The default kubeconfig is not valid: correct KUBECONFIG');
    }
    this.options = options;
    this.started = [];
    this.kubeConfig = options.config;
    Reflect.deleteProperty(this, 'k8sApi');
  }

  /** Starts the parts. When one fails, those before it are stopped, and its error is thrown. */
  protected override async init(): Promise<void> {
    this.starting = this.startParts();
    await this.starting.catch(() => this.stop());
    await this.starting;
  }

  /** Stops what was started, in reverse order and within the deadline; a second call waits for the first. */
  // oxlint-disable-next-line typescript/no-misused-promises -- the base class drops the promise; callers await it
  override stop(): Promise<void> {
    return (this.stopping ??= this.stopParts());
  }

  private async startParts(): Promise<void> {
    for (const part of this.options.parts) {
      if (this.stopping !== undefined) return;
      this.options.log.debug({ part: part.name }, 'Starting');
      await part.start();
      this.started.push(part);
    }
  }

  private async stopParts(): Promise<void> {
    const { clock, log, stopMs = 30_000 } = this.options;
    const end = clock.monotonic() + stopMs;
    const within = async (name: string, work: () => Promise<void> | void): Promise<void> => {
      const done = new AbortController();
      const stopped = (async () => work())()
        .catch((error: unknown) => log.error({ part: name, err: error }, 'Stopping failed'))
        .finally(() => done.abort());
      const left = Math.max(end - clock.monotonic(), LEAST_STOP_MS);
      await Promise.race([stopped, sleep(clock, left, done.signal)]);
      if (!done.signal.aborted) log.warn({ part: name }, 'Stopping took too long, going on without');
    };
    await within('start', () => this.starting?.catch(() => {}));
    for (const part of this.started.toReversed()) await within(part.name, () => part.stop());
  }

  // On the prototype, because some of them are private to the base class and cannot be overridden by name.
  static {
    for (const name of REFUSED) {
      const value = (): never => {
        throw new TerminalError('Unsupported', `${name} of the base class does not work: see src/kube`);
      };
      Object.defineProperty(this.prototype, name, { value });
    }
  }
}
