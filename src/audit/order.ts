import { isDeepStrictEqual } from 'node:util';
import type { Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { imageReference } from '../promotion/revision.ts';
import { presentable } from '../runtime/presentable.ts';

/** What every trail of a promotion begins with: who asked for what. Texts are side by side, so that each can be cut. */
export interface OrderRecord {
  kind: 'Order';
  namespace: string;
  name: string;
  environment: string;
  /** Null: nobody in particular, as a machine. */
  requestedBy: string | null;
  changeType: string;
  revisionDigest?: string;
  /** References, as far as they are known. */
  images: string[];
  targets?: string[];
  /** The Environment whose last good revision it takes. */
  from?: string;
  /** The Rollback that it was made for, with its UID and who decided. */
  decision?: string;
  decisionUid?: string;
  orderedBy?: string;
  /** Why an emergency cannot wait. */
  ticket?: string;
  justification?: string;
  reason?: string;
}

/** What is promoted, where that became known after the order: a tag was resolved, a source had it. */
export interface RevisionRecord {
  kind: 'Revision';
  revisionDigest?: string;
  images: string[];
}

type Revision = Pick<RevisionRecord, 'revisionDigest' | 'images'>;

/** What is promoted, as far as it is known: of one that ends before it is planned as well. */
function revisionOf({ revision, revisionDigest }: PromotionStatus, spec?: Promotion['spec']): Revision {
  const images = revision?.images ?? spec?.revision?.images ?? [];
  return { ...(revisionDigest !== undefined && { revisionDigest }), images: images.map(imageReference) };
}

/** The order, where no trail has it yet; else what has become known of its revision. */
export function orderOf(
  { metadata, spec, status: before }: Promotion,
  after: PromotionStatus,
): (OrderRecord | RevisionRecord)[] {
  if (before?.audit) {
    const known = revisionOf(after);
    const isNew = !isDeepStrictEqual(revisionOf(before), known);
    return isNew ? [{ kind: 'Revision', ...known }] : [];
  }
  const { rollback, emergency, targets, from, reason } = spec;
  return [
    {
      kind: 'Order',
      namespace: metadata.namespace,
      name: metadata.name,
      environment: spec.environment,
      requestedBy: spec.requestedBy === undefined ? null : presentable(spec.requestedBy, 512),
      changeType: spec.changeType ?? 'Normal',
      ...revisionOf(after, spec),
      ...(targets && { targets }),
      ...(from && { from: from.environment }),
      ...(rollback && {
        decision: rollback.decision,
        decisionUid: rollback.uid,
        orderedBy: presentable(rollback.by, 512),
      }),
      ...(emergency && {
        ticket: presentable(emergency.ticket, 128),
        justification: presentable(emergency.justification, 1024),
      }),
      ...(reason !== undefined && { reason: presentable(reason, 1024) }),
    },
  ];
}
