import type { KubeClient } from '../kube/client.ts';
import { TerminalError } from '../runtime/errors.ts';

interface SelfSubjectReview {
  status?: { userInfo?: { username?: string } };
}

/**
 * The name by which the API server knows this process (KEP-3325, from Kubernetes 1.28 on; everybody may ask).
 * @throws ApiError and TransportError when it does not say
 */
export async function ownName(client: KubeClient): Promise<string> {
  const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const review = await client.create<SelfSubjectReview>(
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    kind,
  );
  const name = review.status?.userInfo?.username;
  if (!name) throw new TerminalError('NoName', 'The API server does not say who this operator is');
  return name;
}
