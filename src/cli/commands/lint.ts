import { z } from 'zod';
import type { Gate } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../io.ts';
import { askOf } from '../lint/ask.ts';
import { readAll } from '../lint/files.ts';
import { type Found, isOurs, lintObject, named } from '../lint/object.ts';
import { lintTogether, type Placed } from '../lint/together.ts';
import { DATA_FLAG, dataOutput, printed } from '../output.ts';

/** `kubectl sluice lint`. */
export const lint = command({
  usage: 'lint [files...]',
  summary: 'check manifests without a cluster: fields, rules, conditions, queries, windows, chains',
  details:
    'Files, folders, or - for standard input, with -f as kubectl has it or as words, which is what a pattern of the shell becomes; objects of others are passed over. With --address it also sends every query to that Prometheus, to see whether it understands them. Ends with 1 when there is an error; warnings are none.',
  examples: [
    'kubectl sluice lint -f deploy/',
    'helm template deploy | kubectl sluice lint -f -',
    'kubectl sluice lint -f gate.yaml --address http://localhost:9090',
  ],
  flags: [
    ['-f, --filename <file...>', 'file or folder to check, or -; may be repeated'],
    ['--address <url>', 'a Prometheus that is asked each query'],
    DATA_FLAG,
  ],
  schema: z.object({
    filename: z.array(z.string()).default([]),
    address: z.url().optional(),
    output: dataOutput,
  }),
  names: 'file',
  run: async (context, words, { filename, address, output }) => {
    const { io } = context;
    const paths = [...filename, ...words];
    if (paths.length === 0)
      throw new CliError('say what to check: -f FILE, a folder, or - for standard input');
    const found: Found[] = [];
    const whole: Placed[] = [];
    let objects = 0;
    for (const read of await readAll(paths, io.input)) {
      if ('problem' in read) {
        found.push({ at: read.at, level: 'error', message: read.problem });
        continue;
      }
      const { at, manifest } = read;
      if (!isOurs(manifest)) continue;
      objects += 1;
      const { object, findings } = lintObject(manifest);
      const asked =
        address !== undefined && manifest.kind === 'Gate' && object && findings.length === 0
          ? await askOf(object as Gate, address, io.clock, io.signal)
          : [];
      for (const finding of [...findings, ...asked]) found.push({ at, object: named(manifest), ...finding });
      if (object) whole.push({ at, object });
    }
    found.push(...lintTogether(whole));
    const errors = found.filter((f) => f.level === 'error').length;
    const warnings = found.length - errors;
    if (!printed(context, output, { objects, errors, warnings, findings: found })) {
      for (const { at, object, level, message } of found)
        io.out(`${at}: ${object === undefined ? '' : `${object}: `}${level}: ${message}\n`);
      io.out(`${objects} objects, ${errors} errors, ${warnings} warnings\n`);
    }
    return errors > 0 ? EXIT.No : EXIT.Done;
  },
});
