import type { KubeObject } from '../harness/api.ts';
import { told } from '../harness/argocd-doc.ts';
import type { Condition } from '../harness/kinds.ts';

/** The kinds of Sluice's that Git has. */
export const KINDS = ['Promotion', 'Environment', 'Gate'] as const;
export type GitKind = (typeof KINDS)[number];

/** An object of one of them, as far as its health goes. */
export interface Judged extends KubeObject {
  status?: { conditions?: (Condition & { observedGeneration?: number })[] };
}

/** From best to worst, as gitops-engine orders them (pkg/health/health.go). */
const HEALTHS = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

/** The worst of these. */
export function worst(healths: readonly string[]): string {
  const rank = Math.max(0, ...healths.map((health) => HEALTHS.indexOf(health)));
  return HEALTHS[rank] ?? 'Unknown';
}

const ROWS = { Promotion: told('Promotion'), Environment: told('Environment'), Gate: told('Gate') };

/**
 * The health that docs/argocd.md gives an object as it stands: that of the row which holds, or of the worst of them.
 * @throws Error for a Promotion's reason that the page does not tell.
 */
export function documentedHealth(kind: GitKind, { metadata, status }: Judged): string {
  if (metadata.deletionTimestamp !== undefined) return 'Progressing';
  const conditions = (status?.conditions ?? []).filter((c) => c.observedGeneration === metadata.generation);
  const holds = (condition: string): Condition | undefined =>
    conditions.find((c) => `${c.type}=${c.status}` === condition);
  if (kind !== 'Promotion') {
    const rows = ROWS[kind].filter((row) => holds(row.condition ?? '')?.reason === row.reason);
    return rows.length === 0 ? 'Progressing' : worst(rows.map((row) => row.health));
  }
  const reason = conditions.find((c) => c.type === 'Succeeded')?.reason;
  if (reason === undefined) return 'Progressing';
  const rows = ROWS.Promotion.filter((row) => row.reason === reason);
  const row =
    rows.find((r) => r.condition !== undefined && holds(r.condition)) ?? rows.find((r) => !r.condition);
  if (!row) throw new Error(`docs/argocd.md does not tell ${reason}`);
  return row.health;
}
