import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DEFAULT_ACCOUNTS } from './policy/policies.ts';

const port = z
  .string()
  .regex(/^[^\s]*:\d{1,5}$/, 'is host:port, for example 0.0.0.0:8080')
  .transform((text) => {
    const at = text.lastIndexOf(':');
    return { host: text.slice(0, at) || '0.0.0.0', port: Number(text.slice(at + 1)) };
  });

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((n) => n.trim())
    .filter((n) => n !== ''),
);

const url = z.url({
  protocol: /^https?$/,
  error: 'is a URL, for example http://prometheus.monitoring.svc:9090',
});

/** Every flag: what it is called, what it takes and what it is for. */
export const FLAGS = {
  kubeconfig: {
    type: 'string',
    help: 'path of a kubeconfig; absent: KUBECONFIG, in-cluster, ~/.kube/config',
  },
  context: { type: 'string', help: 'context of the kubeconfig' },
  namespaces: { type: 'string', help: 'comma-separated namespaces to work in; absent: all' },
  'prometheus-address': { type: 'string', help: 'Prometheus for Gates without an address of their own' },
  'listen-address': {
    type: 'string',
    help: 'host:port of /metrics, /healthz and /readyz',
    default: '0.0.0.0:8080',
  },
  'leader-elect': {
    type: 'string',
    help: 'true or false: only one replica works at a time',
    default: 'true',
  },
  'lease-namespace': { type: 'string', help: 'namespace of the Lease', default: 'sluice-system' },
  'log-level': { type: 'string', help: 'debug, info, warn or error', default: 'info' },
  'log-format': { type: 'string', help: 'json, or text to read it', default: 'json' },
  'allow-loopback': {
    type: 'boolean',
    help: 'let Gates ask loopback addresses: for tests and demos, never in a cluster',
    default: false,
  },
  'decision-keepers': {
    type: 'string',
    help: 'comma-separated accounts that may delete Decisions besides the operator, as in the admission policies',
    default: DEFAULT_ACCOUNTS.keepers.join(','),
  },
  'decision-bots': {
    type: 'string',
    help: 'comma-separated machine accounts that may decide, as in the admission policies; absent: none',
  },
  'decision-retention-seconds': {
    type: 'string',
    help: 'Decisions that were used or refused are deleted so long after their creation',
    default: '7776000',
  },
  workers: { type: 'string', help: 'promotions worked on at the same time', default: '8' },
  help: { type: 'boolean', help: 'show this', default: false },
} as const;

const schema = z.object({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  namespaces: list.optional(),
  'prometheus-address': url.optional(),
  'listen-address': port,
  'leader-elect': z.enum(['true', 'false']).transform((v) => v === 'true'),
  'lease-namespace': z.string().min(1),
  'decision-keepers': list,
  'decision-bots': list.optional().transform((names) => names ?? []),
  'log-level': z.enum(['debug', 'info', 'warn', 'error']),
  'log-format': z.enum(['json', 'text']),
  'decision-retention-seconds': z.coerce.number().int().min(1).max(315_360_000),
  'allow-loopback': z.boolean(),
  workers: z.coerce.number().int().min(1).max(256),
});

export type Config = z.output<typeof schema>;

/** What --help prints. */
export function usage(): string {
  const lines = Object.entries(FLAGS).map(([name, flag]) => {
    const fallback = 'default' in flag && flag.default !== false ? ` (default ${flag.default})` : '';
    return `  --${name.padEnd(20)} ${flag.help}${fallback}`;
  });
  return `sluice: promotion operator for Kubernetes\n\n${lines.join('\n')}\n`;
}

/**
 * The configuration from the command line.
 * @returns the configuration, or the text to print and the exit code to end with.
 */
export function readConfig(argv: readonly string[]): { config: Config } | { text: string; code: number } {
  try {
    const options = Object.fromEntries(
      Object.entries(FLAGS).map(([name, { help: _help, ...option }]) => [name, option]),
    );
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    if (values['help']) return { text: usage(), code: 0 };
    const result = schema.safeParse(values);
    if (result.success) return { config: result.data };
    const problems = result.error.issues.map((issue) => `--${issue.path.join('.')} ${issue.message}`);
    return { text: `${problems.join('\n')}\nSee --help.\n`, code: 2 };
  } catch (error) {
    return { text: `${error instanceof Error ? error.message : String(error)}\nSee --help.\n`, code: 2 };
  }
}
