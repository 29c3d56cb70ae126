import { outages } from './blindness.ts';
import {
  boundAt,
  type Course,
  coursesOf,
  pausesOf,
  positionOf,
  stepsOf,
  templatesOf,
  weightAt,
} from './course.ts';
import type { Rollout } from '../harness/kinds.ts';
import { aborts, type Down } from './failing.ts';
import type { Version } from './history.ts';
import { asked, type Law } from './laws.ts';
import { approvals } from './persons.ts';

/*
 * The laws over what was observed, whoever was made to believe what. Each checker reads the history alone, and says
 * in words what it found against the law; nothing found is an empty list.
 */

/** What a checker needs to know besides the history. */
export interface Terms {
  /** The Environment's `analysis.settleSeconds`. */
  settleSeconds: number;
  /** The images of the new revision; a template that declares one of them is the new one. */
  isNew: (image: string) => boolean;
  /** Epoch milliseconds since when it is proven who decides. */
  provenSince?: number;
  /** When nobody worked there: what has to follow within a time need not then. */
  downs?: readonly Down[];
  /** `performance.now()` at the end of the history; the last version's time unless given. */
  until?: number;
}

type Check = (course: Course, terms: Terms) => string[];

/** The laws that a history shows of one target. The others need other witnesses: see witness.ts. */
export const CHECKS: Partial<Record<Law, Check>> = {
  S1: weight,
  S2: samples,
  S4: reverts,
  S7: outages,
  L2: aborts,
};

/** What these laws have against a history; those that it says something about are noted as asked. */
export function brokenLaws(versions: readonly Version[], laws: readonly Law[], terms: Terms): string[] {
  const courses = coursesOf(versions);
  const told = terms.until === undefined ? { ...terms, until: versions.at(-1)?.seen ?? 0 } : terms;
  const ofCourses = courses.flatMap((course) =>
    laws.flatMap((law) => {
      const check = CHECKS[law];
      if (!check) return [];
      asked(law);
      return check(course, told).map((what) => `${law}: ${what}`);
    }),
  );
  if (!laws.includes('S3')) return ofCourses;
  const { broken, gates } = approvals(versions, terms.provenSince);
  if (gates > 0) asked('S3');
  return [...ofCourses, ...broken.map((what) => `S3: ${what}`)];
}

/** Steps that have been passed by this version: a Promotion that said so while it still went forward. */
function passedBefore(course: Course, at: number, terms: Terms): Set<number> {
  const { told, revertedAt = Number.POSITIVE_INFINITY } = course;
  return new Set(
    told.flatMap((one) => {
      const { step } = one.status;
      const counts = one.at < at && one.at < revertedAt && step !== undefined;
      return counts && objections(course, one, terms).length === 0 ? [step] : [];
    }),
  );
}

/** The last step that a new revision may stand at: the first pause that was not passed. */
function limitAt(rollout: Rollout, passed: ReadonlySet<number>): number {
  return pausesOf(rollout).find((pause) => !passed.has(pause)) ?? stepsOf(rollout);
}

/** S1: where the Rollout stands, and how many pods the new revision is given. */
function weight(course: Course, terms: Terms): string[] {
  const { rollout: name, canaryHash, rollouts, replicaSets } = course;
  if (course.isRollback) return [];
  const stands = rollouts.flatMap(({ at, rollout }) => {
    const position = positionOf(rollout, canaryHash);
    // Aborted and restored it has no place of its own; fully promoted it is told by the pods below.
    if (position === undefined || rollout.status?.stableRS === canaryHash) return [];
    const limit = limitAt(rollout, passedBefore(course, at, terms));
    return position > limit
      ? [`${name} stands at step ${position} at version ${at}, and may at most at ${limit}`]
      : [];
  });
  const last = rollouts.at(-1)?.rollout;
  const steps = last?.spec.strategy.canary?.steps;
  if (!last || !steps) return stands;
  const total = last.spec.replicas ?? 1;
  const pods = replicaSets.flatMap(({ at, replicaSet }) => {
    const limit = limitAt(last, passedBefore(course, at, terms));
    const most = Math.ceil((weightAt(steps, limit) / 100) * total);
    const given = replicaSet.spec.replicas ?? 0;
    return given > most
      ? [`${name} gives the new revision ${given} pods at version ${at}, and may at most ${most}`]
      : [];
  });
  return [...stands, ...pods];
}

/** What speaks against a step having been passed, by what one version of the Promotion says. */
function objections(course: Course, { at, status, gates }: Course['told'][number], terms: Terms): string[] {
  const { plan, target } = course;
  const { step, reachedAt, weight: percent = 0 } = status;
  if (step === undefined || reachedAt === undefined) return ['it does not say when it was reached'];
  const settled = Date.parse(reachedAt) + terms.settleSeconds * 1000;
  const bound = boundAt(plan, target, percent).filter(({ gate }) => !course.isBypassed(gate, at));
  return bound.flatMap(({ gate }) => {
    const result = gates.find((g) => g.gate === gate && g.when === 'During');
    if (result?.verdict !== 'Pass' || result.step !== step)
      return [`gate ${gate} says ${result?.verdict} at step ${result?.step}`];
    return Date.parse(result.sampledAt ?? '') >= settled
      ? []
      : [
          `gate ${gate} passed by a sample of ${result.sampledAt}, and it settled at ${new Date(settled).toISOString()}`,
        ];
  });
}

/** S2: when a Promotion first says that it goes on from a step, every gate has passed by a sample of that step. */
function samples(course: Course, terms: Terms): string[] {
  if (course.isRollback) return [];
  const left = new Set<string>();
  return course.told.flatMap((one) => {
    const { state, step, reachedAt } = one.status;
    // Before it has stood at its first pause it advances without having been anywhere.
    const goesOn = state === 'Advancing' && step !== undefined && reachedAt !== undefined;
    if (!goesOn && state !== 'Succeeded') return [];
    // Told once, it stays told: whoever takes over judges anew, and says so beside it.
    if (left.has(`${state} ${step}`)) return [];
    left.add(`${state} ${step}`);
    return objections(course, one, terms).map(
      (why) => `${course.target} went on from step ${step} although ${why}`,
    );
  });
}

/** S4: the new template is declared once, and after a revert the recorded one again, once. */
function reverts(course: Course, { isNew }: Terms): string[] {
  const { rollout, rollouts, revertedAt } = course;
  const templates = templatesOf(course);
  const [recorded] = templates;
  const broken: string[] = [];
  if (templates.length > 3 || (revertedAt === undefined && templates.length > 2))
    broken.push(`the template of ${rollout} was changed ${templates.length - 1} times`);
  if (revertedAt === undefined) return broken;
  if (templates.at(-1) !== recorded)
    broken.push(`the template of ${rollout} is not the recorded one after the revert`);
  let wasNew = true;
  for (const { at, rollout: seen } of rollouts) {
    const isNow = seen.spec.template.spec.containers.some(({ image }) => isNew(image));
    if (at > revertedAt && isNow && !wasNew) broken.push(`the new image is declared again at version ${at}`);
    wasNew = isNow;
  }
  return broken;
}
