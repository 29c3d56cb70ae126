import type { Decision, Environment, EnvironmentStatus, Promotion } from '../api/v1alpha1/types.ts';
import { parseReference } from '../promotion/revision.ts';
import { toTime } from '../runtime/time.ts';
import type { Input } from './input.ts';
import type { Order } from './order.ts';
import { isUsed, made } from './used.ts';

/* Rollbacks by people: a promotion of what ran before, and a hold on what would come by itself. */

/** Rollbacks, and the Resumes that lift their hold on autoPromote, oldest first. */
function placeDecisions({ decisions, environment }: Input): Decision[] {
  const goes = (d: Decision): boolean =>
    isUsed(environment.status, made(d)) || refusalOfRollback(environment, d) === undefined;
  return decisions
    .filter((d) =>
      d.spec.verdict === 'Rollback' ? goes(d) : d.spec.verdict === 'Resume' && !d.spec.promotion,
    )
    .toSorted(
      (a, b) =>
        Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
        // Of the same second the Rollback is last: to hold is the safer reading.
        Number(a.spec.verdict === 'Rollback') - Number(b.spec.verdict === 'Rollback'),
    );
}

/** Whether autoPromote is held: by the last Rollback, until a Resume. */
export function heldAuto(input: Input): EnvironmentStatus['autoPromote'] {
  const last = placeDecisions(input).at(-1);
  if (!last) return input.environment.status?.autoPromote;
  if (last.spec.verdict === 'Resume') return undefined;
  const { by, reason = '' } = last.spec;
  return {
    heldBy: by,
    reason: `rollback: ${reason}`.slice(0, 1024),
    since: toTime(Date.parse(last.metadata.creationTimestamp)),
  };
}

/** Where a Rollback goes on one target: images to run, or why it goes nowhere. */
type Destination = { images: string[]; revisionDigest: string } | { refusal: string };

function destinationOf(environment: Environment, target: string, wanted: string | undefined): Destination {
  const { status } = environment;
  const truth = status?.targets?.find((t) => t.name === target);
  if (!truth)
    return { refusal: `Environment ${environment.metadata.name} knows nothing of a target ${target}` };
  const { current, lastGood } = truth;
  if (wanted === undefined) {
    if (!lastGood)
      return {
        refusal: `nothing was ever good on target ${target}: name a revisionDigest of status.history`,
      };
    if (current?.revisionDigest === lastGood.revisionDigest)
      return {
        refusal: `target ${target} runs what was last good: to go further back, name a revisionDigest of status.history`,
      };
    return { images: lastGood.images ?? [], revisionDigest: lastGood.revisionDigest };
  }
  const entry = status?.history?.find(
    (h) => h.target === target && h.revisionDigest === wanted && h.images?.length,
  );
  const known = [current, lastGood].find((r) => r?.revisionDigest === wanted);
  const images = known?.images ?? entry?.images;
  return images
    ? { images, revisionDigest: wanted }
    : { refusal: `target ${target} has no revisionDigest ${wanted} in status.history: name one that it has` };
}

/** Targets that a Rollback is for: the one that it names, or all that can go back. */
function targetsOf(environment: Environment, { spec }: Decision): string[] {
  if (spec.target !== undefined) return [spec.target];
  const names = environment.spec.targets.map((t) => t.name);
  return names.filter((name) => 'images' in destinationOf(environment, name, spec.revisionDigest));
}

/** Why a Rollback goes nowhere, and what to do; undefined: it goes. */
export function refusalOfRollback(environment: Environment, decision: Decision): string | undefined {
  const [first = environment.spec.targets[0]?.name ?? ''] = targetsOf(environment, decision);
  const destination = destinationOf(environment, first, decision.spec.revisionDigest);
  return 'refusal' in destination ? destination.refusal : undefined;
}

/** The name of the Promotion that a Rollback makes: the same however often it is looked at. */
export function rollbackName(decision: { metadata: Pick<Decision['metadata'], 'uid'> }): string {
  return `rollback-${decision.metadata.uid}`;
}

/** Promotions that Rollbacks ask for which were not used yet. */
export function rollbackOrders(input: Input): Order[] {
  return placeDecisions(input).flatMap((decision): Order[] => {
    const { metadata, spec } = decision;
    if (spec.verdict !== 'Rollback' || isUsed(input.environment.status, made(decision))) return [];
    const targets = targetsOf(input.environment, decision);
    const references = targets.flatMap((target) => {
      const destination = destinationOf(input.environment, target, spec.revisionDigest);
      return 'images' in destination ? destination.images : [];
    });
    const images = [...new Set(references)].flatMap((reference) => parseReference(reference) ?? []);
    if (images.length === 0) return [];
    const promotion: Promotion['spec'] = {
      environment: spec.environment,
      targets,
      revision: { images },
      rollback: { decision: metadata.name, uid: metadata.uid, by: spec.by },
      reason: `rollback by ${spec.by}${spec.reason ? `: ${spec.reason}` : ''}`.slice(0, 1024),
    };
    return [{ name: rollbackName(decision), spec: promotion }];
  });
}
