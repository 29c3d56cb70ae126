import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { CompareSpec, Gate, GateResult, Promotion, PromotionStatus } from '../api/v1alpha1/types.ts';
import { newlyBypassed } from '../promotion/report.ts';
import { sha256 } from '../runtime/hash.ts';
import { type DecidedOf, type DecisionRecord, decisionRecord } from './decided.ts';
import type { CutRecord } from './kept.ts';
import { type OrderRecord, orderOf, type RevisionRecord } from './order.ts';

/* What is put on record of one change of a promotion's status, and of what is done with it. */

/** One thing that was decided, measured or done; the fields are named as in status. */
export type AuditRecord =
  | OrderRecord
  | RevisionRecord
  | DecisionRecord
  | CutRecord
  | { kind: 'State'; reason: string; message: string }
  | {
      kind: 'Plan';
      revisionDigest: string;
      plan: string;
      targets: string[];
      gates: string[];
    }
  | { kind: 'Bypass'; what: string; by: string; ticket: string; reason: string }
  | ({ kind: 'Verdict' } & Evidence)
  | { kind: 'Effect'; effect: string; target: string; step?: number; hash?: string }
  | { kind: 'Revert'; stage: 'detected' | 'commanded' | 'traffic' | 'intent'; reason: string };

/** What a verdict rests on, enough to judge it again. */
interface Evidence {
  gate: string;
  when: string;
  target: string;
  step?: number;
  verdict: string;
  value?: number;
  /** The condition that decided. */
  threshold?: string;
  /** What its conditions read as `samples`. */
  samples?: number;
  /** How often it was looked. */
  looks?: number;
  failures?: number;
  sampledAt?: string;
  /** sha256 of the query as it was sent: the text is long, and stands in status. */
  query?: string;
  gateGeneration?: number;
  message: string;
  /** Verdicts of the last samples, newest first. */
  recent?: string[];
  /** What a gate that counts over looks had counted. */
  state?: string;
  rule?: Rule;
}

/** What a gate judged by, as it stood then. */
export type Rule =
  | {
      kind: 'prometheus';
      pass: string;
      fail?: string;
      args: Record<string, string>;
      count: number;
      failureLimit: number;
    }
  | {
      kind: 'compare';
      spec: Pick<CompareSpec, 'alpha' | 'margin' | 'minSamples'>;
      count: number;
      failureLimit: number;
    }
  | { kind: 'approval'; required: number };

/** What a gate of this promotion judges by; undefined: it is gone, or of a kind that nothing is known of. */
export function ruleOf(
  gate: Gate | undefined,
  args: Record<string, string>,
  approvalsNeeded: number,
): Rule | undefined {
  if (!gate) return undefined;
  const { prometheus, compare, approval, count, failureLimit } = gate.spec;
  if (approval) return { kind: 'approval', required: approvalsNeeded };
  if (prometheus) {
    const { pass, fail } = prometheus;
    return { kind: 'prometheus', pass, ...(fail !== undefined && { fail }), args, count, failureLimit };
  }
  if (!compare) return undefined;
  const { alpha, margin, minSamples } = compare;
  return { kind: 'compare', spec: { alpha, margin, minSamples }, count, failureLimit };
}

/** An effect as it is put on record. */
export interface Done {
  kind: string;
  target: string;
  step?: number;
  hash?: string;
}

/** What a result was judged by. */
export type RuleOf = (result: Pick<GateResult, 'gate' | 'when'>) => Rule | undefined;

/** What records say that is not in the status. */
export interface Sources {
  rule?: RuleOf;
  decided?: DecidedOf;
}

/** The records of one write of status, in the order in which a reader wants them: why before what. */
export function recordsOf(
  promotion: Promotion,
  after: PromotionStatus,
  effects: readonly Done[],
  { rule = () => undefined, decided }: Sources = {},
): AuditRecord[] {
  const before = promotion.status;
  return [
    ...orderOf(promotion, after),
    ...decisions(before, after, decided),
    ...newlyBypassed(before, after).map(
      ({ what, by, ticket, reason }): AuditRecord => ({ kind: 'Bypass', what, by, ticket, reason }),
    ),
    ...plan(before, after),
    ...verdicts(before, after, rule),
    ...revert(before, after),
    ...state(before, after),
    ...effects.map(
      ({ kind: effect, target, step, hash }): AuditRecord => ({
        kind: 'Effect',
        effect,
        target,
        ...(step !== undefined && { step }),
        ...(hash !== undefined && { hash }),
      }),
    ),
  ];
}

function decisions(
  before: PromotionStatus | undefined,
  after: PromotionStatus,
  decided: DecidedOf | undefined,
): AuditRecord[] {
  return (after.decisions ?? [])
    .filter((d) => !before?.decisions?.some((b) => b.uid === d.uid))
    .map((d) => decisionRecord(d, decided));
}

function plan(
  before: PromotionStatus | undefined,
  { plan: latched, revisionDigest }: PromotionStatus,
): AuditRecord[] {
  if (before?.plan || !latched) return [];
  return [
    {
      kind: 'Plan',
      revisionDigest: revisionDigest ?? '',
      plan: latched.hash,
      targets: latched.targets.map(
        (t) => `${t.name} ${t.images.map((i) => `${i.container}=${i.image}`).join(' ')}`,
      ),
      gates: latched.gates.map((g) => `${g.when} ${g.gate}`),
    },
  ];
}

const same = (a: GateResult, b: GateResult): boolean =>
  a.gate === b.gate && a.when === b.when && a.target === b.target;

/** A verdict is put on record when it changes, and where it is of another step. */
function verdicts(before: PromotionStatus | undefined, after: PromotionStatus, rule: RuleOf): AuditRecord[] {
  return (after.gates ?? []).flatMap((result): AuditRecord[] => {
    const old = before?.gates?.find((g) => same(g, result));
    if (old?.verdict === result.verdict && old.step === result.step) return [];
    const { gate, when, target, step, verdict, value, threshold, samples, failures, sampledAt, query } =
      result;
    const judgedBy = rule(result);
    return [
      {
        kind: 'Verdict',
        gate,
        when,
        target,
        verdict,
        message: result.message,
        ...(step !== undefined && { step }),
        ...(value !== undefined && { value }),
        ...(threshold !== undefined && { threshold }),
        ...(samples !== undefined && { samples }),
        ...(result.sampleCount !== undefined && { looks: result.sampleCount }),
        ...(failures !== undefined && { failures }),
        ...(sampledAt !== undefined && { sampledAt }),
        ...(query !== undefined && { query: sha256(query) }),
        ...(result.gateGeneration !== undefined && { gateGeneration: result.gateGeneration }),
        ...(result.recent?.length && { recent: result.recent.map((r) => r.verdict) }),
        ...(result.state !== undefined && { state: result.state }),
        ...(judgedBy && { rule: judgedBy }),
      },
    ];
  });
}

function revert(before: PromotionStatus | undefined, { revert: after }: PromotionStatus): AuditRecord[] {
  if (!after) return [];
  const old = before?.revert;
  const stages = [
    ['detected', old?.detectedAt, after.detectedAt],
    ['commanded', old?.commandedAt, after.commandedAt],
    ['traffic', old?.trafficRestoredAt, after.trafficRestoredAt],
    ['intent', old?.intentRestoredAt, after.intentRestoredAt],
  ] as const;
  return stages.flatMap(([stage, was, is]): AuditRecord[] =>
    is !== undefined && was === undefined ? [{ kind: 'Revert', stage, reason: after.reason }] : [],
  );
}

function state(before: PromotionStatus | undefined, after: PromotionStatus): AuditRecord[] {
  const [old, now] = [
    findCondition({ status: before }, 'Succeeded'),
    findCondition({ status: after }, 'Succeeded'),
  ];
  if (!now || (old?.reason === now.reason && old.status === now.status)) return [];
  return [{ kind: 'State', reason: now.reason, message: now.message.slice(0, 1024) }];
}
