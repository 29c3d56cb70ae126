import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The laws of the product as the fault runs name them. Safety holds in every state, liveness in every run.
 * How each is checked on real servers is in `checks.ts` and `witness.ts`, in the model in `src/promotion/testing`.
 */
export const LAWS = {
  S1: 'the weight never exceeds the step whose gates have passed',
  S2: 'no step is left without a pass from samples that are newer than its settling',
  S3: 'nothing begins, and no approval gate passes, without as many different persons as it asks for, none of whom asked for it',
  S4: 'a revert wins, happens once, and writes the recorded template',
  S5: 'nothing outside the allowed namespaces and objects is touched',
  S6: 'no secret is in a status, an event, a log line or a metric',
  S7: 'no data is no pass, and no outage reverts a good release',
  L1: 'it ends as it would have without the fault, and stays so',
  L2: 'a failed gate is followed by the abort, also across a restart',
} as const;

/** Name of a law. */
export type Law = keyof typeof LAWS;

const asking = new AsyncLocalStorage<Set<Law>>();

/** Notes that these laws are being asked of the case under way, by whoever really asks them. */
export function asked(...laws: readonly Law[]): void {
  const store = asking.getStore();
  for (const law of laws) store?.add(law);
}

/** Has work done, and answers beside its result which laws were asked in it. */
export async function noting<T>(work: () => Promise<T>): Promise<{ result: T; laws: Law[] }> {
  const store = new Set<Law>();
  const result = await asking.run(store, work);
  return { result, laws: inOrder([...store]) };
}

/** Each of these laws once, in the order of the list above. */
export function inOrder(laws: readonly Law[]): Law[] {
  return (Object.keys(LAWS) as Law[]).filter((law) => laws.includes(law));
}
