import type { Book, Profile } from './keep.ts';
import type { Machine } from './machine.ts';
import { detailList, resultTable } from './report.ts';
import { type Kept, standingOf } from './results.ts';
import { ROWS } from './rows.ts';
import { table } from './table.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function machineText({ cpu, cores, memoryGb, kernel, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}; ${programs.join(', ')}`;
}

/** When, how and on what: one line for each run. */
function runsText(results: readonly Kept[]): string {
  const runs = Map.groupBy(results, ({ run }) => `${run.date}|${run.command}`);
  const rows = [...runs.values()].map((lines) => {
    const run = lines[0]?.run;
    const ids = [...new Set(lines.map(({ row }) => row))].join(', ');
    return [
      run?.date ?? '',
      `\`${run?.command}\``,
      ids,
      `${run?.rounds}`,
      `${run?.load}`,
      run?.machine.commit ?? '',
    ];
  });
  return table([['date', 'command', 'rows', 'rounds', 'load before', 'sources'], ...rows]);
}

function profileText({ family, rows, date, functions, places }: Profile): string {
  return [
    `### ${family} (${rows.join(', ')})`,
    '',
    `Profile of ${date}: where the operator's CPU time went, without idle time.`,
    '',
    table([['place', 'share'], ...places.map(({ what, share }) => [what, percent(share)])]),
    '',
    table([
      ['function itself', 'share'],
      ...functions.map(({ what, share }) => [`\`${what}\``, percent(share)]),
    ]),
  ].join('\n');
}

/** docs/benchmarks.md. */
export function documentOf({ results, profiles }: Book): string {
  const missed = results.filter((r) => standingOf(r) === 'missed');
  const machines = [...new Set(results.map(({ run }) => machineText(run.machine)))];
  const absent = ROWS.filter(({ id }) => !results.some((r) => r.row === id)).map(({ id }) => id);
  return `# Benchmarks

Made by \`make bench\` (test/bench), which writes this file and docs/benchmarks.json; do not edit it. The anchor is the Argo Rollouts controller with its own defaults, in the same run on the same machine, round after round in turn: Argo Rollouts, Sluice, Argo Rollouts, Sluice. Every figure is the median over the rounds. "Times better" is the anchor's figure divided by Sluice's.

${machines.map((m) => `- ${m}`).join('\n')}

${runsText(results)}

## Results

${resultTable(results)}
${absent.length > 0 ? `\nNot measured yet: ${absent.join(', ')}.\n` : ''}
## How each row is measured

The control plane is real (etcd without fsync, kube-apiserver with an audit log of the operator's requests, kube-controller-manager, the Argo Rollouts controller, a small kubelet); Prometheus is a stand-in that answers at once and notes each arrival. The operator is a process of its own: the one file that an image holds, with the rights that the chart gives and the heap that Node takes under the chart's memory limit. For the rows with many promotions that stand at a pause (B1, B2, B7 to B13, B16, B20 and B3 at 1,000) one promotion was brought there by the real controllers; its objects are then copied under other names into etcd, and no other controller runs while the operator is measured.

${ROWS.map(({ id, what, how }) => `- **${id}** ${what}. ${how}`).join('\n')}

## Details

${detailList(results)}

## Where a target is missed

${missed.length === 0 ? 'Nowhere.' : missed.map(missText).join('\n')}

${profiles.map(profileText).join('\n\n')}
`
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/\n+$/, '\n');
}

function missText({ row, at, value, atLeast, details }: Kept): string {
  const { unit = '', bound } = ROWS.find(({ id }) => id === row) ?? {};
  const parts = Object.entries(details.Sluice ?? {}).map(([name, n]) => `${name} ${n}`);
  return `- **${row}**, ${at}: ${value} ${unit}, and not ${atLeast}${parts.length > 0 ? ` (${parts.join('; ')})` : ''}${bound === undefined ? '' : `. ${bound}`}`;
}
