const DECIMAL = /^[1-9][0-9]*$/;

/**
 * Orders two resource versions of one resource: below 0 when `a` is older, above 0 when newer, undefined when
 * either is not a decimal without leading zeros. Kubernetes promises this order since KEP-5504; every API
 * server before it behaved so, because the version is etcd's revision (which outgrows 2^53: no Number here).
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
