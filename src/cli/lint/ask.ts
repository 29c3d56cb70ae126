import type { Gate } from '../../api/v1alpha1/types.ts';
import { checkOf } from '../../gates/kinds.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createHttp } from '../../runtime/http.ts';
import type { Finding } from './object.ts';

/** Stand-ins for what is known in a promotion only: they match no series, so that no data is no finding. */
const VARS = {
  targetNamespace: 'default',
  rollout: 'lint',
  target: 'lint',
  environment: 'lint',
  promotion: 'lint',
  canaryHash: 'lint',
  stableHash: 'lint',
  weight: 20,
  stepSeconds: 60,
};

/**
 * Sends the queries of a Gate to a Prometheus, to see whether it understands them.
 * @param address its URL, in the place of the one in the Gate; the credentials of the Gate are not used
 */
export async function askOf(
  gate: Gate,
  address: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { prometheus, compare } = gate.spec;
  const { auth: _, ...asked } = prometheus ?? {};
  const { auth: __, ...compared } = compare ?? {};
  const check = checkOf({
    ...gate.spec,
    ...(prometheus && { prometheus: { ...asked, address } as typeof prometheus }),
    ...(compare && { compare: { ...compared, address } as typeof compare }),
  });
  if (!check) return [];
  const names = [...JSON.stringify(gate.spec).matchAll(/args\.([A-Za-z_]\w*)/g)].map(([, name = '']) => name);
  const sample = await check.evaluate({
    vars: { ...VARS, args: Object.fromEntries(names.map((name) => [name, '1'])) },
    http: createHttp({ allowLoopback: true }),
    clock,
    secrets: {
      namespace: '',
      read: () => Promise.reject(new Error('no Secret is read by lint')),
      forget: () => {},
    },
    signal,
  });
  return sample.verdict === 'Error' ? [{ level: 'error', message: `${address}: ${sample.message}` }] : [];
}
