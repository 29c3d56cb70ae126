{{- define "sluice.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "sluice.serviceAccount" -}}
{{- default (include "sluice.name" .) .Values.serviceAccount.name -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Of the pod of `helm test`. */}}
{{- define "sluice.testSelector" -}}
app.kubernetes.io/name: sluice-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "sluice.image" -}}
{{ .Values.image.repository }}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* The name by which the API server knows the operator. */}}
{{- define "sluice.operatorUser" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "sluice.serviceAccount" . }}
{{- end }}

{{/* Account names as CEL strings. */}}
{{- define "sluice.celList" -}}
{{- range $i, $name := . }}{{ if $i }}, {{ end }}'{{ $name }}'{{ end }}
{{- end }}

{{/* What the operator may do in the namespaces that it works in. */}}
{{- define "sluice.rules" -}}
# Its own objects: read.
- apiGroups: [sluice.dev]
  resources: [gates]
  verbs: [list, watch]
# `create` for dry runs that show whether a forged one is refused, of which nothing is stored; `delete` after 90 days.
- apiGroups: [sluice.dev]
  resources: [decisions]
  verbs: [list, watch, create, delete]
# Its own objects: read. Never their spec: the patches are of finalizers.
- apiGroups: [sluice.dev]
  resources: [environments]
  verbs: [list, watch, patch]
# The same; `create` for autoPromote and rollbacks, `delete` for those whose time to live is over.
- apiGroups: [sluice.dev]
  resources: [promotions]
  verbs: [list, watch, create, patch, delete]
# What it says of them.
- apiGroups: [sluice.dev]
  resources: [decisions/status, environments/status, gates/status, promotions/status]
  verbs: [patch]
# The canary: the template is written by patches of the Rollout, the steps by patches of its status.
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch, patch]
- apiGroups: [argoproj.io]
  resources: [rollouts/status]
  verbs: [patch]
# Proof of what runs.
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
# Where only a tag is promoted: the digest that its pods run.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
# The template that a revert brings back.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, create, delete]
# Credentials that a Gate names, one by one: never listed, never watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# What happens, for people.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
