import { z } from 'zod';
import type { Environment } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import { EXIT } from '../io.ts';
import { output, OUTPUT_FLAG, printed } from '../output.ts';
import { labelOf } from '../picture.ts';
import { ageOf, table, timeOf } from '../text.ts';

type Entry = NonNullable<NonNullable<Environment['status']>['history']>[number];

/** `kubectl sluice history`. */
export const history = command({
  usage: 'history <environment>',
  summary: 'how promotions ended in an Environment, newest first',
  details: 'What `kubectl sluice rollback --to` takes is the digest of one that Succeeded.',
  examples: ['kubectl sluice history prod -n shop', 'kubectl sluice history prod -n shop -o json'],
  flags: [['--target <name>', 'of this target only'], OUTPUT_FLAG],
  schema: z.object({ target: z.string().optional(), output }),
  names: 'environment',
  run: async (context, [name = ''], flags) => {
    const environment = await context.get('Environment', name);
    const entries = (environment.status?.history ?? []).filter(
      (e) => flags.target === undefined || e.target === flags.target,
    );
    const named = entries.map((e) => ({
      kind: 'Promotion',
      metadata: { ...environment.metadata, name: e.promotion },
    }));
    if (printed(context, flags.output, entries, named)) return EXIT.Done;
    if (entries.length === 0) context.io.out(`Nothing has ended in ${name} yet.\n`);
    else
      context.io.out(
        table(['ENDED', 'PROMOTION', 'TARGET', 'OUTCOME', 'REVISION', 'DIGEST', 'TOOK'], entries.map(rowOf)),
      );
    return EXIT.Done;
  },
});

function rowOf({
  promotion,
  target,
  outcome,
  images,
  revisionDigest = '',
  startedAt,
  completedAt,
}: Entry): string[] {
  return [
    timeOf(completedAt),
    promotion,
    target,
    outcome,
    labelOf({ images, revisionDigest }),
    revisionDigest.slice(7, 19),
    startedAt === undefined ? '' : ageOf(Date.parse(completedAt) - Date.parse(startedAt)),
  ];
}
