import { stringify } from 'yaml';
import { CRDS } from '../../src/api/v1alpha1/crds.ts';
import { PLURALS } from '../../src/api/v1alpha1/names.ts';

/** A file that is made from the code: its path from the root of the repository, and what is in it. */
export interface Generated {
  path: string;
  text: string;
}

const HEADER = '# Made from src/api by `make generate`: change it there.\n';

/** Helm reads `{{` as its own; a description that has it is to come out as it stands. */
function forHelm(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

/** YAML without folding: a diff then shows the line that changed. */
const yaml = (value: unknown): string => stringify(value, { lineWidth: 0 });

/** Every generated file. */
export function generatedFiles(): Generated[] {
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
