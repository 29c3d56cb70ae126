import type { DecisionVerdict } from '../api/v1alpha1/decision.ts';
import { GROUP } from '../api/v1alpha1/names.ts';

/*
 * What the API server itself asks of Decisions, Promotions and statuses: ValidatingAdmissionPolicies as data. One source
 * of the chart, of the plain manifests, and of what the operator compares the cluster with. No webhook, no certificate.
 */

/** Account names that differ from installation to installation. */
export interface Accounts {
  /** The operator's user name. */
  operator: string;
  /** Who removes Decisions besides: garbage collection and the end of a namespace. */
  keepers: readonly string[];
  /** Machines that may decide. */
  bots: readonly string[];
}

/** As the chart installs it, unless told otherwise. */
export const DEFAULT_ACCOUNTS: Accounts = {
  operator: 'system:serviceaccount:sluice-system:sluice',
  keepers: [
    'system:serviceaccount:kube-system:generic-garbage-collector',
    'system:serviceaccount:kube-system:namespace-controller',
  ],
  bots: [],
};

/** A rule; the message is shown to whoever breaks it. `Forbidden` answers 403, without it 422. */
interface Rule {
  expression: string;
  message?: string;
  messageExpression?: string;
  reason?: 'Forbidden';
}

export interface PolicySpec {
  failurePolicy: 'Fail';
  matchConstraints: {
    resourceRules: {
      apiGroups: string[];
      apiVersions: string[];
      operations: string[];
      resources: string[];
    }[];
  };
  matchConditions?: { name: string; expression: string }[];
  variables?: { name: string; expression: string }[];
  validations: Rule[];
  auditAnnotations?: { key: string; valueExpression: string }[];
}

export interface BindingSpec {
  policyName: string;
  validationActions: ('Deny' | 'Audit')[];
}

/** A policy with the binding that puts it in force. */
export interface Policy {
  name: string;
  spec: PolicySpec;
  binding: BindingSpec;
}

/** Every version that is ever served: with fewer, a forger comes in through another one. */
export const on = (
  resource: string,
  ...operations: ('CREATE' | 'UPDATE' | 'DELETE')[]
): PolicySpec['matchConstraints'] => ({
  resourceRules: [{ apiGroups: [GROUP], apiVersions: ['*'], operations, resources: [resource] }],
});

/** A list of strings in CEL. */
const celList = (names: readonly string[]): string => `[${names.map((n) => `'${n}'`).join(', ')}]`;

/** Virtual verbs: what a verdict needs on the Environment, by name. */
export const VERBS = {
  Approve: 'approve',
  Reject: 'approve',
  Revoke: 'approve',
  Hold: 'operate',
  Resume: 'operate',
  Abort: 'abort',
  Bypass: 'bypass',
  Rollback: 'rollback',
  Release: 'release',
  Freeze: 'freeze',
  Thaw: 'freeze',
} as const satisfies Record<DecisionVerdict, string>;

const VERB_MAP = `{${Object.entries(VERBS)
  .map(([verdict, verb]) => `'${verdict}': '${verb}'`)
  .join(', ')}}`;

/** One authorizer check on an object of ours. More than two in an expression are refused at run time. */
const may = (resource: string, name: string, verb: string): string =>
  `authorizer.group('${GROUP}').resource('${resource}').namespace(request.namespace).name(${name}).check(${verb}).allowed()`;

const needs = (verb: string, resource: string, name: string): string =>
  `' needs the verb "' + ${verb} + '" on ${resource}.${GROUP} "' + ${name} + '" in namespace "' + request.namespace + '": ask its owner for a Role with it'`;

const isMachine = "request.userInfo.username.startsWith('system:')";

/** Who decides is who asks, is a person, and has the right; nothing makes it go with something else. */
function create({ bots }: Accounts): Policy {
  const name = 'sluice-decision-create';
  return {
    name,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: on('decisions', 'CREATE'),
      variables: [
        { name: 'user', expression: 'request.userInfo.username' },
        { name: 'bots', expression: celList(bots) },
        { name: 'verdict', expression: 'object.spec.verdict' },
        { name: 'verb', expression: `${VERB_MAP}[variables.verdict]` },
        { name: 'environment', expression: "object.spec.?environment.orValue('')" },
        { name: 'gate', expression: "object.spec.?gate.orValue('')" },
      ],
      validations: [
        {
          expression: 'object.spec.by == variables.user',
          messageExpression:
            "'spec.by must be you: you are \"' + variables.user + '\", the Decision says \"' + object.spec.by + '\"'",
          reason: 'Forbidden',
        },
        {
          expression: `!${isMachine} || variables.user in variables.bots`,
          messageExpression:
            "'machine accounts do not decide: \"' + variables.user + '\" is not on the list of bots of this installation (admission.bots of the chart): let a person decide'",
          reason: 'Forbidden',
        },
        {
          expression: `variables.environment != '' && ${may('environments', 'variables.environment', 'variables.verb')}`,
          messageExpression: `variables.verdict + ${needs('variables.verb', 'environments', 'variables.environment')}`,
          reason: 'Forbidden',
        },
        {
          // An empty name would ask for the right on all Gates.
          expression: `variables.verb != 'approve' || (variables.gate != '' && ${may('gates', 'variables.gate', "'approve'")})`,
          messageExpression: `variables.verdict + ${needs("'approve'", 'gates', 'variables.gate')}`,
          reason: 'Forbidden',
        },
        {
          expression: '!has(object.metadata.ownerReferences) && !has(object.metadata.finalizers)',
          message:
            'a Decision is created without ownerReferences and finalizers: it must outlive whatever you own',
          reason: 'Forbidden',
        },
        {
          expression:
            "!has(object.spec.until) || timestamp(object.spec.until) <= timestamp(object.metadata.creationTimestamp) + duration('720h')",
          message: 'a Freeze lasts 30 days at most: set an earlier until, and freeze again when it is over',
        },
      ],
      auditAnnotations: [
        {
          key: 'decision',
          valueExpression:
            "variables.verdict + ' on environment ' + variables.environment + (variables.gate == '' ? '' : ', gate ' + variables.gate) + ' by ' + object.spec.by",
        },
      ],
    },
    binding: { policyName: name, validationActions: ['Deny', 'Audit'] },
  };
}

/** What was decided stays as it was, and stays. */
function keep({ operator, keepers }: Accounts): Policy {
  const name = 'sluice-decision-keep';
  return {
    name,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: on('decisions', 'UPDATE', 'DELETE'),
      matchConditions: [
        {
          name: 'not-the-keepers',
          expression: `!(request.userInfo.username in ${celList([operator, ...keepers])})`,
        },
      ],
      validations: [
        {
          expression: "request.operation != 'DELETE'",
          message:
            'Decisions are kept as evidence, and removed by the operator: withdraw an approval by a new Decision with verdict Revoke',
          reason: 'Forbidden',
        },
        {
          expression:
            "request.operation == 'DELETE' || (object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences && object.metadata.?finalizers == oldObject.metadata.?finalizers && object.metadata.?labels == oldObject.metadata.?labels)",
          message: 'labels, finalizers and ownerReferences of a Decision belong to the operator: leave them',
          reason: 'Forbidden',
        },
        {
          // The CRD says so as well, until somebody edits it.
          expression: "request.operation == 'DELETE' || object.spec == oldObject.spec",
          message: 'a Decision cannot be changed: create a new one',
          reason: 'Forbidden',
        },
      ],
    },
    binding: { policyName: name, validationActions: ['Deny'] },
  };
}

/** Who asks for a promotion is who says so, and may call it an emergency. */
function promotion({ operator }: Accounts): Policy {
  const name = 'sluice-promotion';
  const isEmergency = "object.spec.?changeType.orValue('') == 'Emergency'";
  return {
    name,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: on('promotions', 'CREATE'),
      validations: [
        {
          expression: '!has(object.spec.requestedBy) || object.spec.requestedBy == request.userInfo.username',
          messageExpression:
            "'spec.requestedBy must be you (\"' + request.userInfo.username + '\") or absent, it says \"' + object.spec.requestedBy + '\"'",
          reason: 'Forbidden',
        },
        {
          expression: `!(${isEmergency}) || ${may('environments', 'object.spec.environment', "'emergency'")}`,
          messageExpression: `'changeType Emergency' + ${needs("'emergency'", 'environments', 'object.spec.environment')} + ', or apply it with changeType Normal'`,
          reason: 'Forbidden',
        },
        {
          expression: `!has(object.spec.rollback) || request.userInfo.username == '${operator}'`,
          message:
            'spec.rollback is written by the Sluice operator only: create a Decision with verdict Rollback',
          reason: 'Forbidden',
        },
      ],
    },
    binding: { policyName: name, validationActions: ['Deny'] },
  };
}

/** Status says what the operator has seen and done: nobody else writes it. */
function status({ operator }: Accounts): Policy {
  const name = 'sluice-status';
  return {
    name,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: on('*/status', 'CREATE', 'UPDATE'),
      validations: [
        {
          expression: `request.userInfo.username == '${operator}'`,
          message: 'status is written by the Sluice operator only: create a Decision instead',
          reason: 'Forbidden',
        },
      ],
    },
    binding: { policyName: name, validationActions: ['Deny'] },
  };
}

/** Every policy of an installation with these accounts. */
export function policiesFor(accounts: Accounts): Policy[] {
  return [create(accounts), keep(accounts), promotion(accounts), status(accounts)];
}

export const ADMISSION = 'admissionregistration.k8s.io';
export const POLICIES = { group: ADMISSION, version: 'v1', plural: 'validatingadmissionpolicies' };
export const BINDINGS = { group: ADMISSION, version: 'v1', plural: 'validatingadmissionpolicybindings' };
const API_VERSION = `${ADMISSION}/v1`;
/** What the operator finds its policies by. */
export const POLICY_LABEL = { 'app.kubernetes.io/part-of': 'sluice' };

/** The manifests of a policy, ready to apply. */
export function manifestsOf({ name, spec, binding }: Policy): object[] {
  const metadata = { name, labels: POLICY_LABEL };
  return [
    { apiVersion: API_VERSION, kind: 'ValidatingAdmissionPolicy', metadata, spec },
    { apiVersion: API_VERSION, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec: binding },
  ];
}
