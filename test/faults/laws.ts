/**
 * The laws of the product as the fault runs name them. Safety holds in every state, liveness in every run.
 * How each is checked on real servers is in `checks.ts` and `witness.ts`, in the model in `src/promotion/testing`.
 */
export const LAWS = {
  S1: 'the weight never exceeds the step whose gates have passed',
  S2: 'no step is left without a pass from samples that are newer than its settling',
  S4: 'a revert wins, happens once, and writes the recorded template',
  S5: 'nothing outside the allowed namespaces and objects is touched',
  S6: 'no secret is in a status, an event, a log line or a metric',
  S7: 'no data is no pass, and no outage reverts a good release',
  L1: 'it ends as it would have without the fault, and stays so',
  L2: 'a failed gate is followed by the abort, also across a restart',
} as const;

/** Name of a law. S3, approvals, comes with approvals. */
export type Law = keyof typeof LAWS;
