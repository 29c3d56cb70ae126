import type { Api } from '../harness/api.ts';
import { brokenLaws, type Terms } from './checks.ts';
import { History } from './history.ts';
import type { Law } from './laws.ts';

/** What a history shows by itself, whoever plays. */
const SHOWN: readonly Law[] = ['S1', 'S2', 'S4', 'S7', 'L2'];

/**
 * Has work done while all that becomes of an app is recorded, and holds the laws against it.
 * @throws Error that names each broken law
 */
export async function recorded<T>(
  api: Api,
  namespace: string,
  app: string,
  terms: Pick<Terms, 'settleSeconds' | 'isNew'>,
  work: () => Promise<T>,
): Promise<T> {
  const history = await History.of(api, namespace);
  try {
    const result = await work();
    const versions = await history.complete(app);
    const broken = brokenLaws(versions, SHOWN, { ...terms, until: performance.now() });
    if (broken.length > 0) throw new Error([...new Set(broken)].join('; '));
    return result;
  } finally {
    history.stop();
  }
}
