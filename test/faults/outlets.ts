import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubeObject } from '../harness/api.ts';
import { send } from '../harness/http.ts';
import type { SharedWorld } from '../harness/shared.ts';

/** What a person may read of Sluice, apart from what they wrote themselves. */
export interface Outlets {
  /** Every status of Sluice's kinds in the namespace. */
  statuses: unknown[];
  /** Every event in the namespace. */
  events: unknown[];
  /** The lines of the operator's log so far. */
  log: string[];
  metrics: string;
}

const KINDS = ['promotions', 'environments', 'gates', 'decisions'].map((plural) => `${plural}.sluice.dev`);

/** Everything that Sluice has shown of a namespace. */
export async function outletsOf(
  { cluster, operatorUrl }: Pick<SharedWorld, 'cluster' | 'operatorUrl'>,
  namespace: string,
): Promise<Outlets> {
  const args = ['-n', namespace, '-o', 'json'];
  const { stdout } = await cluster.kubectl(['get', KINDS.join(','), ...args]);
  const objects: { items: (KubeObject & { status?: unknown })[] } = JSON.parse(stdout);
  const events = await cluster.kubectl(['get', 'events.events.k8s.io', ...args]);
  const notes: { items: { reportingController?: string }[] } = JSON.parse(events.stdout);
  const { body } = await send('GET', `${operatorUrl}/metrics`);
  const logs = dirname(cluster.facts.auditLog);
  return {
    statuses: objects.items.map(({ status }) => status),
    events: notes.items.filter((e) => e.reportingController === 'sluice.dev/controller'),
    log: readFileSync(join(logs, 'operator.log'), 'utf8').split('\n').slice(0, -1),
    metrics: body,
  };
}

/** Every text in a value, but for fields of these names. */
export function textsIn(value: unknown, without: readonly string[] = []): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    without.includes(key) ? [] : textsIn(inner, without),
  );
}

/** Control, direction and line characters, and halves of characters. */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
