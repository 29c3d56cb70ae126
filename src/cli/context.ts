import { API_VERSION, ENVIRONMENTS, GATES, type Kind, PLURALS, PROMOTIONS } from '../api/v1alpha1/names.ts';
import {
  type Parsed,
  parseEnvironment,
  parseGate,
  parsePromotion,
  type RawObject,
} from '../api/v1alpha1/parse.ts';
import type { Environment, Gate, Promotion } from '../api/v1alpha1/types.ts';
import { KubeClient } from '../kube/client.ts';
import { loadKubeConfig } from '../kube/load-config.ts';
import { collectionPath, keyOf, objectPath, type Resource } from '../kube/paths.ts';
import { ownName } from '../policy/account.ts';
import { CliError } from './errors.ts';
import type { Io } from './io.ts';

/** Flags that every command takes, named as kubectl names them. */
export interface GlobalFlags {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
  namespace?: string;
  allNamespaces?: boolean;
  as?: string;
  asGroup?: string[];
  asUid?: string;
  requestTimeout?: string;
}

const PARSERS = { Environment: parseEnvironment, Gate: parseGate, Promotion: parsePromotion } as const;
const RESOURCES = { Environment: ENVIRONMENTS, Gate: GATES, Promotion: PROMOTIONS } as const;
interface Kinds {
  Environment: Environment;
  Gate: Gate;
  Promotion: Promotion;
}

/** Who asks, where: made of the flags, and connected only when somebody asks. */
export class Context {
  readonly io: Io;
  readonly flags: GlobalFlags;
  #client: KubeClient | undefined;

  constructor(io: Io, flags: GlobalFlags) {
    this.io = io;
    this.flags = flags;
  }

  /** @throws TerminalError without a way to an API server, CliError for flags that contradict each other */
  get client(): KubeClient {
    this.#client ??= connect(this.flags, this.io);
    return this.#client;
  }

  /** The namespace of the flags, else of the kubeconfig's context, else `default`. */
  get namespace(): string {
    return this.flags.namespace ?? this.client.config.namespace ?? 'default';
  }

  /** Where lists look: undefined is everywhere. */
  get scope(): string | undefined {
    return this.flags.allNamespaces ? undefined : this.namespace;
  }

  /** By what name the API server knows who asks. */
  whoami(): Promise<string> {
    return ownName(this.client);
  }

  /**
   * One object; `name` may have its kind before it, as in `promotion/x`.
   * @throws ApiError when it is not there, CliError when it cannot be read
   */
  async get<K extends keyof Kinds>(kind: K, name: string): Promise<Kinds[K]> {
    const path = objectPath(RESOURCES[kind], this.namespace, bareName(kind, name));
    return readable(PARSERS[kind](await this.client.get<RawObject>(path)) as Parsed<Kinds[K]>);
  }

  /** All that can be read, by namespace and name; the others are told of. */
  async list<K extends keyof Kinds>(kind: K): Promise<Kinds[K][]> {
    const all = await this.client.listAll<RawObject>(collectionPath(RESOURCES[kind], this.scope));
    return all
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      .flatMap((raw) => {
        const parsed = PARSERS[kind](raw) as Parsed<Kinds[K]>;
        if (parsed.ok) return [parsed.object];
        this.io.err(`warning: ${parsed.message}\n`);
        return [];
      });
  }

  /** Creates an object of ours; the namespace is the one that is asked about. */
  create(kind: Kind, metadata: object, spec: object, options: { dryRun?: boolean } = {}): Promise<RawObject> {
    const body = {
      apiVersion: API_VERSION,
      kind,
      metadata: { namespace: this.namespace, ...metadata },
      spec,
    };
    const resource: Resource = { group: 'sluice.dev', version: 'v1alpha1', plural: PLURALS[kind] };
    return this.client.create(collectionPath(resource, this.namespace), body, options);
  }
}

/** `promotion/x`, `promotions/x`, `promotion.sluice.dev/x` and `x`: the name. @throws CliError for another kind */
export function bareName(kind: Kind, name: string): string {
  const slash = name.indexOf('/');
  if (slash < 0) return name;
  const [word = ''] = name.slice(0, slash).toLowerCase().split('.');
  if (word !== kind.toLowerCase() && word !== PLURALS[kind])
    throw new CliError(`${name} is no ${kind}: say ${kind.toLowerCase()}/NAME, or the name alone`);
  return name.slice(slash + 1);
}

function readable<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.object;
  throw new CliError(parsed.message);
}

function connect(flags: GlobalFlags, io: Io): KubeClient {
  const config = loadKubeConfig({
    asKubectl: true,
    ...(flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }),
    ...(flags.context !== undefined && { context: flags.context }),
    ...(flags.cluster !== undefined && { cluster: flags.cluster }),
    ...(flags.user !== undefined && { user: flags.user }),
  });
  if (flags.as !== undefined)
    config.impersonation = { user: flags.as, groups: flags.asGroup ?? [], uid: flags.asUid };
  else if (flags.asGroup || flags.asUid !== undefined)
    throw new CliError('--as-group and --as-uid say more about --as: set that as well');
  return new KubeClient({
    config,
    clock: io.clock,
    fieldManager: 'kubectl-sluice',
    ...(flags.requestTimeout !== undefined && {
      // To kubectl 0 is no limit.
      timeoutMs: secondsOf(flags.requestTimeout) * 1000 || Number.POSITIVE_INFINITY,
    }),
  });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `5m`, `1h30m`, `2d`: seconds. @throws CliError for anything else */
export function secondsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(\d+[smhd])+$/.test(text)) throw new CliError(`${text} is no duration: say 90s, 5m, 1h30m or 2d`);
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}
