import { ADMISSION, on, POLICY_LABEL } from './policies.ts';

/*
 * Where MutatingAdmissionPolicy is served, the API server itself writes down who asks, so that `by` and `requestedBy` may
 * be left out. A convenience: what it writes is checked like anybody's word by the policies of policies.ts afterwards.
 */

interface FillIn {
  name: string;
  resource: string;
  field: string;
  /** CEL: whether there is something to fill in. */
  when: string;
}

const FILL_INS: readonly FillIn[] = [
  { name: 'sluice-decision-by', resource: 'decisions', field: 'by', when: '!has(object.spec.by)' },
  {
    name: 'sluice-promotion-requested-by',
    resource: 'promotions',
    field: 'requestedBy',
    // A machine is no requester: of what Argo CD applies nobody is known to have asked for it.
    when: "!has(object.spec.requestedBy) && !request.userInfo.username.startsWith('system:')",
  },
];

/**
 * The MutatingAdmissionPolicies with their bindings, ready to apply.
 * @param version of admissionregistration.k8s.io: v1 where it is served, v1beta1 before (Kubernetes 1.34 and 1.35, by a
 *   feature gate).
 */
export function fillIns(version: string): object[] {
  const apiVersion = `${ADMISSION}/${version}`;
  return FILL_INS.flatMap(({ name, resource, field, when }) => {
    const metadata = { name, labels: POLICY_LABEL };
    const policy = {
      // Without it the request goes on, and is refused where the field is missing.
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'Never',
      matchConstraints: on(resource, 'CREATE'),
      matchConditions: [{ name: 'left-out', expression: when }],
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression: `[JSONPatch{op: "add", path: "/spec/${field}", value: request.userInfo.username}]`,
          },
        },
      ],
    };
    return [
      { apiVersion, kind: 'MutatingAdmissionPolicy', metadata, spec: policy },
      { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: name } },
    ];
  });
}
