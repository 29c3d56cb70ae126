import { z } from 'zod';
import type { GlobalFlags } from './context.ts';

/** Flags of every command, with kubectl's names and meanings. */
export const GLOBAL_FLAGS: readonly (readonly [string, string])[] = [
  ['-n, --namespace <name>', "namespace; absent: the context's"],
  ['-A, --all-namespaces', 'look in all namespaces'],
  ['--kubeconfig <path>', 'kubeconfig file; absent: KUBECONFIG, ~/.kube/config, then the service account'],
  ['--context <name>', 'context of the kubeconfig'],
  ['--cluster <name>', 'cluster of the kubeconfig'],
  ['--user <name>', 'user of the kubeconfig'],
  ['--as <user>', 'impersonate this user'],
  ['--as-group <group...>', 'impersonate this group; may be repeated'],
  ['--as-uid <uid>', 'impersonate this UID'],
  [
    '--request-timeout <duration>',
    'give up on one request after so long, for example 10s; 0 for no limit (default: 15s)',
  ],
];

/** What commander has read of them. */
export const globalFlags: z.ZodType<GlobalFlags> = z.object({
  namespace: z.string().optional(),
  allNamespaces: z.boolean().optional(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  user: z.string().optional(),
  as: z.string().optional(),
  asGroup: z.array(z.string()).optional(),
  asUid: z.string().optional(),
  requestTimeout: z.string().optional(),
}) as z.ZodType<GlobalFlags>;
