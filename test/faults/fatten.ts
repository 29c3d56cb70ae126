import { type Api, ApiError } from '../harness/api.ts';

/** Every label as large as one may be, but for its name. */
const VALUE = 'x'.repeat(63);
const PREFIX = 'fat.example/';

/** Labels by number; a null removes one. */
function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${PREFIX}${i}`, VALUE]));
}

/**
 * Gives an object labels until not one more fits into what the API server stores (1.5 MiB): annotations have a limit
 * of their own, labels have none. Less than a hundred bytes are left.
 * @returns how often the API server refused more, which shows that it is full.
 */
export async function fatten(api: Api, path: string): Promise<number> {
  const fits = async (more: Record<string, string>): Promise<boolean> =>
    api.patch(path, { metadata: { labels: more } }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.status !== 409) return false;
        throw error;
      },
    );
  // As many as fit, found by halves; each is written only if all of it fits.
  let [enough, tooMany] = [0, 32_768];
  let refused = 0;
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2);
    if (await fits(labels(middle))) enough = middle;
    else {
      tooMany = middle;
      refused += 1;
    }
  }
  return refused;
}

/** Takes all labels away again. */
export async function slim(api: Api, path: string): Promise<void> {
  const { metadata } = await api.get(path);
  if (metadata.labels) await api.patch(path, [{ op: 'remove', path: '/metadata/labels' }], 'json');
}
