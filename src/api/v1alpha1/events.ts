import type { PromotionReason } from './reasons.ts';

/** The reasons of events on a Promotion, beside each reason that it comes to. */
export const PROMOTION_EVENTS = [
  'Bypassed',
  'GateChanged',
  'GateFailed',
  'GatePassed',
  'PreflightWarning',
  'TooLarge',
] as const;

/** The reason of an event on a Promotion. */
export type PromotionEvent = (typeof PROMOTION_EVENTS)[number] | PromotionReason;

/** The reasons of events on an Environment. */
export const ENVIRONMENT_EVENTS = [
  'Drifted',
  'DriftedOver',
  'FollowUpOverdue',
  'FollowUpOverdueOver',
  'Frozen',
  'FrozenOver',
  'PromotionNotMade',
] as const;

/** The reason of an event on an Environment. */
export type EnvironmentEvent = (typeof ENVIRONMENT_EVENTS)[number];
