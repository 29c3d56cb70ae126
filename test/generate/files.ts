import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CRDS } from '../../src/api/v1alpha1/crds.ts';
import { PLURALS } from '../../src/api/v1alpha1/names.ts';
import { fillIns } from '../../src/policy/fill-in.ts';
import { chartReadme } from './chart-readme.ts';
import { dashboardFile } from './dashboard.ts';
import { flagsPage } from './flags.ts';
import { referenceFiles } from './reference.ts';
import { DEFAULT_ACCOUNTS, manifestsOf, policiesFor } from '../../src/policy/policies.ts';

/** A file that is made from the code: its path from the root of the repository, and what is in it. */
export interface Generated {
  path: string;
  text: string;
}

const POLICY_HEADER = '# Made from src/policy/policies.ts by `make generate`: change it there.\n';
/** What is written into the plain policies, and is the cluster's own to say. */
const REPLACED = `# For the operator of the chart's default values in a release "sluice" in "sluice-system". With another release,
# namespace, service account, admission.keepers or admission.bots the operator is refused its own statuses by these: render
# them with your values instead, and apply that,
#   helm template <release> charts/sluice --namespace <namespace> -f values.yaml \\
#     --set admission.install=true --show-only templates/policies.yaml
# or replace ${DEFAULT_ACCOUNTS.operator} (in three places), the other names beside it, and the list "bots".
`;
const FILL_IN_HEADER = '# Made from src/policy/fill-in.ts by `make generate`: change it there.\n';
/** Which clusters take a version of them. */
const SERVED_BY = {
  v1: '# For Kubernetes 1.36 and newer; before that fill-in-v1beta1.yaml.\n',
  v1beta1:
    '# For Kubernetes 1.34 and 1.35 with feature gate MutatingAdmissionPolicy and runtime-config\n# admissionregistration.k8s.io/v1beta1=true, both of which are off by default. From 1.36 on: fill-in.yaml.\n',
} as const;
/** Helm: only where the API server has the kind, in the version that it has. */
const SERVED = `{{- $group := "admissionregistration.k8s.io" }}
{{- $version := ternary "v1" "v1beta1" (.Capabilities.APIVersions.Has (printf "%s/v1/MutatingAdmissionPolicy" $group)) }}
{{- if and .Values.admission.fillIn (.Capabilities.APIVersions.Has (printf "%s/%s/MutatingAdmissionPolicy" $group $version)) }}
`;
const HEADER = '# Made from src/api by `make generate`: change it there.\n';

/** Helm reads `{{` as its own; a description that has it is to come out as it stands. */
function forHelm(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

/** YAML without folding: a diff then shows the line that changed. */
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, version: '1.1' });

/** Strings in double quotes, so that what Helm puts into them needs no other. */
const quoted = (value: unknown): string =>
  stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });

const documents = (objects: readonly object[], write: (value: unknown) => string): string =>
  objects.map(write).join('---\n');

/** Where the chart puts account names: they are CEL strings, in single quotes. */
const PLACES = {
  "'OPERATOR'": '\'{{ include "sluice.operatorUser" . }}\'',
  "'KEEPERS'": '{{ include "sluice.celList" .Values.admission.keepers }}',
  "'BOTS'": '{{ include "sluice.celList" .Values.admission.bots }}',
} as const;

/** The admission policies as plain manifests, and as a template of the chart. */
function policyFiles(): Generated[] {
  const plain = policiesFor(DEFAULT_ACCOUNTS).flatMap(manifestsOf);
  const open = policiesFor({ operator: 'OPERATOR', keepers: ['KEEPERS'], bots: ['BOTS'] }).flatMap(
    manifestsOf,
  );
  let template = forHelm(documents(open, quoted));
  for (const [place, value] of Object.entries(PLACES)) template = template.replaceAll(place, value);
  return [
    { path: 'policies/decisions.yaml', text: POLICY_HEADER + REPLACED + documents(plain, yaml) },
    {
      path: 'policies/fill-in.yaml',
      text: FILL_IN_HEADER + SERVED_BY.v1 + documents(fillIns('v1'), yaml),
    },
    {
      path: 'policies/fill-in-v1beta1.yaml',
      text: FILL_IN_HEADER + SERVED_BY.v1beta1 + documents(fillIns('v1beta1'), yaml),
    },
    {
      path: 'charts/sluice/templates/fill-in.yaml',
      text: `${FILL_IN_HEADER}# Needs MutatingAdmissionPolicy: from Kubernetes 1.36 on, or 1.34 with its feature gate.\n${SERVED}${documents(fillIns('VERSION'), yaml).replaceAll('/VERSION', '/{{ $version }}')}{{- end }}\n`,
    },
    {
      path: 'charts/sluice/templates/policies.yaml',
      text: `${POLICY_HEADER}{{- if .Values.admission.install }}\n${template}{{- end }}\n`,
    },
  ];
}

const HEALTH_HEADER =
  '# Made from resource_customizations/ by `make generate`: change it there. A patch of the ConfigMap of Argo CD.\n';

/** Argo CD's health scripts, one a kind, as its ConfigMap takes them. */
function healthFile(): Generated {
  const root = join(import.meta.dirname, '../..');
  const scripts = Object.keys(PLURALS).map((kind): [string, string] => {
    const script = `charts/sluice/argocd/resource_customizations/sluice.dev/${kind}/health.lua`;
    return [`resource.customizations.health.sluice.dev_${kind}`, readFileSync(join(root, script), 'utf8')];
  });
  const patch = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm' },
    data: Object.fromEntries(scripts),
  };
  return { path: 'charts/sluice/argocd/argocd-cm.yaml', text: HEALTH_HEADER + yaml(patch) };
}

/** Every generated file. */
export function generatedFiles(): Generated[] {
  return [
    ...crdFiles(),
    ...policyFiles(),
    healthFile(),
    chartReadme(),
    dashboardFile(),
    ...referenceFiles(),
    flagsPage(),
  ];
}

function crdFiles(): Generated[] {
  return CRDS.flatMap(({ kind, definition }) => {
    const name = `sluice.dev_${PLURALS[kind]}.yaml`;
    const kept = structuredClone(definition) as { metadata: { annotations?: Record<string, string> } };
    kept.metadata.annotations = { 'helm.sh/resource-policy': 'keep' };
    return [
      { path: `crds/${name}`, text: HEADER + yaml(definition) },
      {
        path: `charts/sluice/templates/crds/${name}`,
        text: `${HEADER}{{- if .Values.crds.install }}\n${forHelm(yaml(kept))}{{- end }}\n`,
      },
    ];
  });
}
