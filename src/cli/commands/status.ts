import { z } from 'zod';
import type { Environment, Promotion } from '../../api/v1alpha1/types.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../io.ts';
import { listOf, output, OUTPUT_FLAG, printed } from '../output.ts';
import { Patience } from '../patience.ts';
import { pictureOf } from '../picture.ts';

const REFRESH_MS = 2000;
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

interface Seen {
  environments: Environment[];
  promotions: Promotion[];
}

/** `kubectl sluice status`. */
export const status = command({
  usage: 'status [environment]',
  summary: 'the chain of Environments as a picture: what runs where, what rises, what is awaited',
  details:
    'Marks: ● good, ◐ under way, ✖ somebody should look, ○ nothing there yet. An Environment is drawn after those that it takes from.',
  examples: ['kubectl sluice status -n shop', 'kubectl sluice status prod -n shop --watch'],
  flags: [['-w, --watch', 'draw it again as it changes, until Ctrl-C'], OUTPUT_FLAG],
  schema: z.object({ watch: z.boolean().default(false), output }),
  names: 'environment',
  run: async (context, [name], flags) => {
    if (flags.watch && flags.output) throw new CliError('--watch draws a picture: leave out --output');
    const seen = await look(context, name);
    if (printed(context, flags.output, listOf([...seen.environments, ...seen.promotions]), seen.environments))
      return EXIT.Done;
    if (flags.watch) await watch(context, name, seen);
    else context.io.out(draw(context, seen));
    return EXIT.Done;
  },
});

/** Draws what changes until the user has had enough. */
async function watch(context: Context, name: string | undefined, first: Seen): Promise<void> {
  const patience = new Patience(context.io);
  let drawn = '';
  for (let seen: Seen | undefined = first; seen; ) {
    const text = draw(context, seen);
    if (text !== drawn) context.io.out(context.io.isTerminal ? CLEAR + text : text);
    drawn = text;
    if (!(await patience.pause(REFRESH_MS))) return;
    seen = await patience.look(() => look(context, name), REFRESH_MS);
  }
}

async function look(context: Context, name: string | undefined): Promise<Seen> {
  const [environments, promotions] = await Promise.all([
    name === undefined
      ? context.list('Environment')
      : context.get('Environment', name).then((environment) => [environment]),
    context.list('Promotion'),
  ]);
  return { environments, promotions };
}

/** The objects of one namespace. */
function within<T extends { metadata: { namespace: string } }>(all: readonly T[], namespace: string): T[] {
  return all.filter((o) => o.metadata.namespace === namespace);
}

function draw(context: Context, { environments, promotions }: Seen): string {
  const { io } = context;
  const namespaces = [...new Set(environments.map((e) => e.metadata.namespace))];
  if (namespaces.length === 0)
    return `No Environments found${context.scope === undefined ? '' : ` in namespace ${context.scope}`}.\n`;
  return namespaces
    .map((namespace) => {
      const picture = pictureOf({
        environments: within(environments, namespace),
        promotions: within(promotions, namespace),
        now: io.clock.now(),
        columns: io.columns,
      });
      return `${namespace}\n${picture}`;
    })
    .join('\n');
}
