import { Gauge, type Registry } from 'prom-client';
import type { EnvironmentStatus } from '../api/v1alpha1/types.ts';

/** An Environment as its status stands in the cache. */
export interface Place {
  metadata: { name: string; namespace?: string };
  status?: unknown;
}

/** At most so many Environments carry their name: the size of /metrics stays bounded. */
const MOST = 200;

/** Conditions that say that something is out of the ordinary. */
const CONDITIONS = ['Drifted', 'Frozen', 'FollowUpOverdue'] as const;

const FIGURES = {
  deploymentsPerDay: {
    name: 'sluice_dora_deployments_per_day',
    help: 'Deployment frequency: promotions that succeeded, a day.',
  },
  leadTimeSeconds: {
    name: 'sluice_dora_lead_time_seconds',
    help: 'Lead time for changes, median: from the change to its success.',
  },
  changeFailureRate: {
    name: 'sluice_dora_change_failure_rate',
    help: 'Share of promotions that failed, or were rolled back by a person.',
  },
  restoreSeconds: {
    name: 'sluice_dora_restore_seconds',
    help: 'Time to restore, median: from a failure seen to the proof of the way back.',
  },
} as const;

const statusOf = ({ status }: Place): EnvironmentStatus => status ?? {};

/**
 * Figures about Environments, read from their statuses when somebody asks: how many are out of the ordinary, and the
 * four keys of DORA of each of the first 200, by name. For whoever leads: two replicas would say everything twice.
 */
export function createEnvironmentMetrics(registry: Registry, places: () => readonly Place[]): void {
  const registers = [registry];
  new Gauge({
    name: 'sluice_environments',
    help: 'Environments with this condition.',
    labelNames: ['condition'],
    registers,
    collect() {
      for (const condition of CONDITIONS) {
        const has = (place: Place): boolean =>
          statusOf(place).conditions?.some((c) => c.type === condition && c.status === 'True') ?? false;
        this.set({ condition }, places().filter(has).length);
      }
    },
  });
  for (const [key, { name, help }] of Object.entries(FIGURES) as [
    keyof typeof FIGURES,
    { name: string; help: string },
  ][])
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'environment'],
      registers,
      collect() {
        this.reset();
        for (const place of places()
          .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
          .slice(0, MOST)) {
          const value = statusOf(place).dora?.[key];
          const { namespace = '', name: environment } = place.metadata;
          if (value !== undefined) this.set({ namespace, environment }, value);
        }
      },
    });
}

const keyOf = ({ metadata }: Place): string => `${metadata.namespace ?? ''}/${metadata.name}`;
