/** Names that are part of the contract: never renamed once released. */
export const GROUP = 'sluice.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Label on the ControllerRevision that keeps a target's template: the UID of the Promotion it belongs to. */
export const PROMOTION_UID_LABEL = `${GROUP}/promotion-uid`;

/** Annotation on a Promotion: when the change was committed, RFC 3339. Lead time counts from there. */
export const COMMITTED_AT_ANNOTATION = `${GROUP}/committed-at`;

/** Keeps a Promotion in flight until its revert is proven: deleting one is an abort. */
export const REVERT_FINALIZER = `${GROUP}/revert`;
/** Keeps an Environment while a promotion is in flight there. */
export const IN_USE_FINALIZER = `${GROUP}/in-use`;
/** Label beside it: the namespace of that Promotion, which may be another one than the record's. */
export const PROMOTION_NAMESPACE_LABEL = `${GROUP}/promotion-namespace`;

/** Annotation on a Rollout that somebody else declares; `sluice` lets Sluice write its image fields, and nothing else. */
export const IMAGE_OWNER_ANNOTATION = `${GROUP}/image-owner`;
/** Annotation on a Rollout: the Environments of other namespaces that may deliver to it, `<namespace>/<environment>,..` */
export const ALLOWED_ENVIRONMENTS_ANNOTATION = `${GROUP}/allowed-environments`;

/** Plural names, as they stand in request paths. */
export const PLURALS = {
  Environment: 'environments',
  Gate: 'gates',
  Promotion: 'promotions',
  Decision: 'decisions',
} as const;
export type Kind = keyof typeof PLURALS;

const resourceOf = (kind: Kind): { group: string; version: string; plural: string } => ({
  group: GROUP,
  version: VERSION,
  plural: PLURALS[kind],
});

/** The four kinds, as request paths name them. */
export const ENVIRONMENTS = resourceOf('Environment');
export const GATES = resourceOf('Gate');
export const PROMOTIONS = resourceOf('Promotion');
export const DECISIONS = resourceOf('Decision');
