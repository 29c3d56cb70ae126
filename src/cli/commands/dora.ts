import { z } from 'zod';
import type { Environment } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import { EXIT } from '../io.ts';
import { output, OUTPUT_FLAG, printed } from '../output.ts';
import { inChain } from '../picture.ts';
import { ageOf, table } from '../text.ts';

type Dora = NonNullable<NonNullable<Environment['status']>['dora']>;

/** `kubectl sluice dora`. */
export const dora = command({
  usage: 'dora [environment]',
  summary: 'the four DORA figures of each Environment',
  details:
    'How each is counted is in docs/policy.md; they are in the status of the Environment and in the metrics as well.',
  examples: ['kubectl sluice dora -n shop', 'kubectl sluice dora prod -n shop -o json'],
  flags: [OUTPUT_FLAG],
  schema: z.object({ output }),
  names: 'environment',
  run: async (context, [name], flags) => {
    const found =
      name === undefined ? await context.list('Environment') : [await context.get('Environment', name)];
    const environments = inChain(found);
    const figures = environments.map(({ metadata, status }) => ({
      namespace: metadata.namespace,
      environment: metadata.name,
      ...status?.dora,
    }));
    if (printed(context, flags.output, figures, environments)) return EXIT.Done;
    if (environments.length === 0) context.io.out('No Environments found.\n');
    else
      context.io.out(
        table(
          ['ENVIRONMENT', 'DAYS', 'DEPLOYMENTS', 'A DAY', 'LEAD TIME', 'CHANGE FAILURES', 'TIME TO RESTORE'],
          environments.map(({ metadata, status }) => [metadata.name, ...cells(status?.dora)]),
        ),
      );
    return EXIT.Done;
  },
});

const age = (seconds: number | undefined): string => (seconds === undefined ? '-' : ageOf(seconds * 1000));

function cells(figures: Dora | undefined): string[] {
  if (!figures) return ['-', '-', '-', '-', '-', '-'];
  const { days, deployments, deploymentsPerDay, leadTimeSeconds, changeFailureRate, restoreSeconds } =
    figures;
  return [
    String(Math.round(days * 10) / 10),
    String(deployments),
    deploymentsPerDay.toFixed(2),
    age(leadTimeSeconds),
    changeFailureRate === undefined ? '-' : `${(changeFailureRate * 100).toFixed(1)} %`,
    age(restoreSeconds),
  ];
}
