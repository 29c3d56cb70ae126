import { isPromotionReason, isTerminal } from '../../api/v1alpha1/reasons.ts';
import type { Promotion, RevisionImage, Target } from '../../api/v1alpha1/types.ts';
import type { Input, Rival, Subject } from '../input.ts';
import { imagesFor, imagesOf } from '../revision.ts';

/** Targets that this promotion may deliver to: those it names, else all of the Environment. */
export function candidates({ promotion, environment }: Pick<Input, 'promotion' | 'environment'>): Target[] {
  const names = promotion.spec.targets;
  return (environment?.spec.targets ?? []).filter((t) => !names || names.includes(t.name));
}

/** Whether one of these images has a place on a target; undefined: its Rollout is not there to tell. */
function matches(subject: Subject, images: readonly RevisionImage[]): boolean | undefined {
  const named = subject.target.images;
  if (named) return images.some((i) => named.some((m) => m.image === i.image));
  if (!subject.observation.found) return undefined;
  // What its owner has not allowed is not told, not even whether it matches.
  if (subject.observation.view.obstacles.some((o) => o.kind === 'Grant')) return undefined;
  return imagesFor(subject.target, images, subject.observation.view.containers).length > 0;
}

/** The targets that this promotion delivers to, in order of their waves; those that cannot be told yet are in. */
export function chosen(input: Input): Subject[] {
  const { targets } = input.promotion.spec;
  const images = imagesOf(input.promotion);
  return input.subjects
    .filter((s) => targets !== undefined || matches(s, images) !== false)
    .toSorted((a, b) => a.target.wave - b.target.wave);
}

/** Whether a rival delivers to one of these targets, as far as can be told. */
function concerns(rival: Rival, subjects: readonly Subject[]): boolean {
  const { targets } = rival;
  if (targets) return subjects.some((s) => targets.includes(s.target.name));
  return subjects.some((s) => matches(s, rival.images) !== false);
}

/**
 * The first rival for any of these targets of which `is` holds. There may be thousands: whom one concerns takes
 * longest to say, and is asked last.
 */
export function rivalFor(
  input: Input,
  subjects: readonly Subject[],
  is: (rival: Rival) => boolean = () => true,
): Rival | undefined {
  return input.rivals.find((r) => is(r) && concerns(r, subjects));
}

/** A promotion holds its targets from Preflight to its end; one that waits before that blocks nobody. */
const TAKES_TURN: readonly (string | undefined)[] = [undefined, 'Preflight', 'Queued'];
/** In flight, and can get no further without a person: a newer one need not wait for it. */
const STUCK: readonly (string | undefined)[] = ['RollbackBlocked', 'RevertPendingIntent'];

/** What those behind it see in the reason of a promotion: while that stays the same, nothing changes for them. */
export function standing(reason: string | undefined): string {
  if (TAKES_TURN.includes(reason)) return 'takes its turn';
  // A success is what others may be superseded by.
  const matters = STUCK.includes(reason) || reason === 'Succeeded' || !isPromotionReason(reason);
  if (matters) return reason ?? '';
  return isTerminal(reason) ? 'ended' : 'under way, or aside';
}

/** On its way back and stuck there: a newer one need not wait for it. */
export function isStuck(rival: Rival): boolean {
  return rival.started && STUCK.includes(rival.reason);
}

/** The priority of what is neither an emergency nor goes back. */
export const NORMAL = 2;

/** What goes back goes first, then emergencies; the smaller, the sooner. */
export function priorityOf({ rollback, changeType }: Promotion['spec']): number {
  if (rollback) return 0;
  return changeType === 'Emergency' ? 1 : NORMAL;
}

/** A rival that comes first: it is in flight, or it is more urgent, or older, and can have its turn. */
export function aheadOf(input: Input, subjects: readonly Subject[]): Rival | undefined {
  const { metadata } = input.promotion;
  const createdAt = Date.parse(metadata.creationTimestamp);
  const own = priorityOf(input.promotion.spec);
  const older = (r: Rival): boolean =>
    r.createdAt < createdAt || (r.createdAt === createdAt && r.uid < metadata.uid);
  const first = (r: Rival): boolean => r.priority < own || (r.priority === own && older(r));
  return rivalFor(input, subjects, (r) =>
    r.started ? !(older(r) && isStuck(r)) : first(r) && TAKES_TURN.includes(r.reason),
  );
}
