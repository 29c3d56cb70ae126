import { type Api, ApiError } from './api.ts';
import { sluicePath } from './promotions.ts';
import { until } from './until.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';

/** Somebody's policy about who may make Promotions in a namespace. */
export interface Forbidding {
  /** Of the policy: one in the cluster. */
  name: string;
  namespace: string;
  /** CEL: which may be made. */
  expression: string;
  /** What the API server says of the others. */
  message: string;
  /** Name of a Promotion that this client may not make. */
  trial?: string;
}

/** Applies the policy; in force when this is over. What comes back takes it away. */
export async function forbidPromotions(
  api: Api,
  { name, namespace, expression, message, trial = 'trial' }: Forbidding,
): Promise<() => Promise<void>> {
  await api.create(`${GROUP}/validatingadmissionpolicies`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['sluice.dev'],
            apiVersions: ['*'],
            operations: ['CREATE'],
            resources: ['promotions'],
          },
        ],
      },
      validations: [{ expression, message }],
    },
  });
  await api.create(`${GROUP}/validatingadmissionpolicybindings`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  const promotion = {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name: trial },
    spec: { environment: 'nowhere', revision: { images: [{ image: 'a', tag: 'b' }] } },
  };
  await until(`the policy ${name} is in force`, async (seen) => {
    const answer = await api
      .create(`${sluicePath(namespace, 'promotions')}?dryRun=All`, promotion)
      .catch((error: unknown) => error);
    seen(answer);
    return answer instanceof ApiError && answer.message.includes(message);
  });
  return async () => {
    await api.delete(`${GROUP}/validatingadmissionpolicybindings/${name}`);
    await api.delete(`${GROUP}/validatingadmissionpolicies/${name}`);
  };
}
