import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeList, KubeObject } from '../harness/api.ts';
import { send } from '../harness/http.ts';
import { reasonOf, sluicePath } from '../harness/promotions.ts';
import { limiter } from './limiter.ts';

/** Creates promotions `<prefix>-<n>` of one spec, many at a time. */
export async function createMany(
  api: Api,
  namespace: string,
  prefix: string,
  count: number,
  spec: object,
): Promise<void> {
  const atOnce = limiter(48);
  const metadata = (n: number): object => ({ name: `${prefix}-${n}` });
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      atOnce(() =>
        api.create(sluicePath(namespace, 'promotions'), {
          apiVersion: 'sluice.dev/v1alpha1',
          kind: 'Promotion',
          metadata: metadata(n),
          spec,
        }),
      ),
    ),
  );
}

/** How many promotions of a namespace stand at each reason; `` is none yet. */
export async function reasonsIn(api: Api, namespace: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let next = '';
  do {
    const page: KubeList<Promotion & KubeObject> = await api.list(
      `${sluicePath(namespace, 'promotions')}?limit=1000&continue=${next}`,
    );
    for (const promotion of page.items) counts[reasonOf(promotion)] = (counts[reasonOf(promotion)] ?? 0) + 1;
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return counts;
}

/** Whether the operator's probes answer, for as long as it is watched. */
export class Probed {
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  #asked = 0;
  /** What a probe said that was not 200. */
  readonly failures: string[] = [];

  constructor(url: string) {
    this.#url = url;
    this.#timer = setInterval(() => void this.#look(), 1000);
  }

  /** How often both probes were asked. */
  get asked(): number {
    return this.#asked;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const path of ['readyz', 'healthz']) {
      const { status, body } = await send('GET', `${this.#url}/${path}`).catch((error: unknown) => ({
        status: 0,
        body: String(error),
      }));
      if (status !== 200) this.failures.push(`${path} ${status} ${body}`);
    }
    this.#asked += 1;
  }
}

/** Bytes that the operator has of memory. */
export async function memoryOf(url: string): Promise<number> {
  const { body } = await send('GET', `${url}/metrics`);
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]);
}
