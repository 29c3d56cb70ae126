/** The types of the API for code that needs no schema: importing this loads no zod. */
export type { Audit } from './audit.ts';
export type { Condition } from './conditions.ts';
export type { Decision, DecisionSpec, DecisionStatus, DecisionVerdict } from './decision.ts';
export type {
  Environment,
  EnvironmentSpec,
  EnvironmentStatus,
  EnvironmentWindow,
  GateBinding,
  QuarantineEntry,
  Target,
  Upstream,
} from './environment.ts';
export type {
  ApprovalSpec,
  CompareSpec,
  Gate,
  GateKindName,
  GateSpec,
  GateStatus,
  PrometheusSpec,
  Verdict,
} from './gate.ts';
export type { ObjectMeta } from './object.ts';
export type {
  Bypassed,
  GateResult,
  Plan,
  PlannedTarget,
  Promotion,
  PromotionSpec,
  PromotionStatus,
  Revert,
  RevisionImage,
  TargetState,
  TargetStatus,
} from './promotion.ts';
export type { PromotionReason } from './reasons.ts';
export type { ServerSpec } from './server.ts';
