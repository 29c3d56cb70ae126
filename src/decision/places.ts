import { isRefused } from '../api/v1alpha1/accepted.ts';
import { ENVIRONMENTS, GATES, PROMOTIONS } from '../api/v1alpha1/names.ts';
import {
  parseDecision,
  parseEnvironment,
  parseGate,
  type Parsed,
  parsePromotion,
  type RawObject,
} from '../api/v1alpha1/parse.ts';
import type { Decision } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import type { StoreReader } from '../kube/informer.ts';
import { findStored } from '../kube/find.ts';
import type { Resource } from '../kube/paths.ts';
import { type Approval, oldestFirst } from '../promotion/approvals.ts';
import { approvalOf } from '../promotion/gather/decided.ts';
import { BY_PROMOTION } from '../promotion/indexes.ts';
import type { Input } from './decide.ts';

/** The caches that a Decision's fate is looked up in. */
export interface Caches {
  promotions: StoreReader<RawObject>;
  environments: StoreReader<RawObject>;
  gates: StoreReader<RawObject>;
  decisions: StoreReader<RawObject>;
}

/** What a Decision names, as far as it is there. */
export type Named = Pick<Input, 'promotion' | 'environment' | 'gate'>;

const readable = <T>(raw: RawObject | undefined, parse: (raw: RawObject) => Parsed<T>): T | undefined => {
  const parsed = raw && parse(raw);
  return parsed?.ok ? parsed.object : undefined;
};

/** What a Decision names, as the caches have it. */
export function inCaches(caches: Caches, { metadata, spec }: Decision): Named {
  const { namespace } = metadata;
  const promotion = spec.promotion && caches.promotions.get(namespace, spec.promotion.name);
  const gate = spec.gate === undefined ? undefined : caches.gates.get(namespace, spec.gate);
  return {
    promotion: readable(promotion, parsePromotion),
    environment: readable(caches.environments.get(namespace, spec.environment), parseEnvironment),
    gate: readable(gate, parseGate),
  };
}

/**
 * What a Decision names, as the API server has it now.
 * @throws ApiError and TransportError when it does not say
 */
export async function asStored(client: KubeClient, { metadata, spec }: Decision): Promise<Named> {
  const find = async (resource: Resource, name: string | undefined): Promise<RawObject | undefined> =>
    name === undefined ? undefined : findStored(client, resource, metadata.namespace, name);
  const [promotion, environment, gate] = await Promise.all([
    find(PROMOTIONS, spec.promotion?.name),
    find(ENVIRONMENTS, spec.environment),
    find(GATES, spec.gate),
  ]);
  return {
    promotion: readable(promotion, parsePromotion),
    environment: readable(environment, parseEnvironment),
    gate: readable(gate, parseGate),
  };
}

/** The Decisions on approval gates of the same promotion that nobody has refused; of interest to a Revoke alone. */
export function approvalsBeside({ decisions }: Caches, { spec }: Decision): Approval[] {
  if (spec.verdict !== 'Revoke' || !spec.promotion) return [];
  const beside = decisions.byIndex(BY_PROMOTION, spec.promotion.uid).flatMap((raw) => {
    const decision = readable(raw, parseDecision);
    const counts = decision && !isRefused(decision) && decision.spec.environment === spec.environment;
    return counts ? approvalOf(decision) : [];
  });
  return oldestFirst(beside);
}
