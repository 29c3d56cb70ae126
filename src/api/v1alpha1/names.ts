/** Names that are part of the contract: never renamed once released. */
export const GROUP = 'sluice.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Label on the ControllerRevision that keeps a target's template: the UID of the Promotion it belongs to. */
export const PROMOTION_UID_LABEL = `${GROUP}/promotion-uid`;

/** Plural names, as they stand in request paths. */
export const PLURALS = { Environment: 'environments', Gate: 'gates', Promotion: 'promotions' } as const;
export type Kind = keyof typeof PLURALS;
