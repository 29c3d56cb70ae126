import { z } from 'zod';
import type { Gate } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import { EXIT } from '../io.ts';
import { askOf } from '../lint/ask.ts';
import { readAll } from '../lint/files.ts';
import { type Finding, isOurs, lintObject } from '../lint/object.ts';
import { lintTogether, type Placed } from '../lint/together.ts';

/** `kubectl sluice lint`. */
export const lint = command({
  usage: 'lint <files...>',
  summary: 'check manifests without a cluster: fields, rules, conditions, queries, windows, chains',
  details:
    'Files, folders, or - for standard input; objects of others are passed over. With --address it also sends every query to that Prometheus, to see whether it understands them. Ends with 1 when there is an error; warnings are none.',
  examples: [
    'kubectl sluice lint deploy/',
    'helm template deploy | kubectl sluice lint -',
    'kubectl sluice lint gate.yaml --address http://localhost:9090',
  ],
  flags: [['--address <url>', 'a Prometheus that is asked each query']],
  schema: z.object({ address: z.url().optional() }),
  names: 'file',
  run: async ({ io }, paths, { address }) => {
    const found: { at: string; finding: Finding }[] = [];
    const whole: Placed[] = [];
    let objects = 0;
    for (const read of await readAll(paths, io.input)) {
      if ('problem' in read) {
        found.push({ at: read.at, finding: { level: 'error', message: read.problem } });
        continue;
      }
      if (!isOurs(read.manifest)) continue;
      objects += 1;
      const at = `${read.at}: ${String(read.manifest.kind)} ${read.manifest.metadata?.name ?? ''}`;
      const { object, findings } = lintObject(read.manifest);
      const asked =
        address !== undefined && read.manifest.kind === 'Gate' && object && findings.length === 0
          ? await askOf(object as Gate, address, io.clock, io.signal)
          : [];
      for (const finding of [...findings, ...asked]) found.push({ at, finding });
      if (object) whole.push({ at, object });
    }
    found.push(...lintTogether(whole));
    for (const { at, finding } of found) io.out(`${at}: ${finding.level}: ${finding.message}\n`);
    const errors = found.filter((f) => f.finding.level === 'error').length;
    io.out(`${objects} objects, ${errors} errors, ${found.length - errors} warnings\n`);
    return errors > 0 ? EXIT.No : EXIT.Done;
  },
});
