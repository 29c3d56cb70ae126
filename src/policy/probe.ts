import { API_VERSION, DECISIONS } from '../api/v1alpha1/names.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, isForbidden } from '../kube/errors.ts';
import { collectionPath } from '../kube/paths.ts';

/** A valid Decision that claims to be by somebody else than who sends it. */
const FORGED = {
  apiVersion: API_VERSION,
  kind: 'Decision',
  metadata: { generateName: 'sluice-probe-' },
  spec: {
    by: 'sluice-probe-nobody',
    verdict: 'Hold',
    environment: 'sluice-probe',
    promotion: { name: 'sluice-probe', uid: 'sluice-probe' },
  },
};

/** The first words of the rule that has to refuse it: another rule, or RBAC, would prove nothing. */
const REFUSAL = 'spec.by must be you';

/**
 * Whether the API server refuses a forged author in this namespace now: a dry run, of which nothing is stored.
 * @returns undefined when it does, else what to do
 * @throws ApiError and TransportError when the question got no answer
 */
export async function probe(client: KubeClient, namespace: string): Promise<string | undefined> {
  try {
    await client.create(collectionPath(DECISIONS, namespace), FORGED, { dryRun: true });
  } catch (error) {
    if (isForbidden(error) && error.message.includes(REFUSAL)) return undefined;
    if (isForbidden(error) || (error instanceof ApiError && error.code === 422))
      return `the API server refuses a forged Decision in namespace ${namespace} for another reason than its author (${error.message}): look at ValidatingAdmissionPolicy sluice-decision-create and at the operator's rights`;
    throw error;
  }
  return `the API server takes a forged Decision in namespace ${namespace}: look at ValidatingAdmissionPolicyBinding sluice-decision-create`;
}
