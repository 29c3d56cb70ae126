import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLAGS } from '../../src/config.ts';
import { cell } from './chart-readme.ts';
import type { Generated } from './files.ts';
import { code } from './schema-words.ts';

/** Which value of the chart sets a flag, from the template that does; undefined: none but extraArgs. */
function valueOf(flag: string, template: string): string | undefined {
  const lines = template.split('\n');
  const at = lines.findIndex((line) => line.includes(`- --${flag}=`));
  // In the line itself, or in the `with` around it.
  return (
    /\.Values\.([\w.]+)/.exec(lines[at] ?? '')?.[1] ??
    /\{\{- with \.Values\.([\w.]+)/.exec(lines[at - 1] ?? '')?.[1]
  );
}

/** `docs/reference/operator.md`: what `--help` of the operator says, and how the chart says it. */
export function flagsPage(): Generated {
  const path = join(import.meta.dirname, '../../charts/sluice/templates/deployment.yaml');
  const template = readFileSync(path, 'utf8');
  const rows = Object.entries(FLAGS).map(([name, flag]) => {
    const fallback = 'default' in flag && flag.default !== false ? code(flag.default) : '';
    const value = valueOf(name, template);
    return [code(`--${name}`), cell(flag.help), fallback, value === undefined ? '' : code(value)].join(' | ');
  });
  return {
    path: 'docs/reference/operator.md',
    text: `<!-- Made from src/config.ts by \`make generate\`: change it there. -->
# Flags of the operator

What \`--help\` says. The chart sets those that have a value of its own there, and the address and the namespace of the Lease from the release; any other goes into \`extraArgs\`, as in \`extraArgs: [--decision-retention-seconds=2592000]\`. [Every value](../../charts/sluice/README.md).

| flag | meaning | default | value of the chart |
| --- | --- | --- | --- |
| ${rows.join(' |\n| ')} |
`,
  };
}
