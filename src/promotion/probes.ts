import type { Sample } from '../analysis/sample.ts';
import type { Probe } from '../analysis/sampler.ts';
import { placeholderVars, type TemplateVars } from '../analysis/template.ts';
import type { Gate, GateBinding, Promotion } from '../api/v1alpha1/types.ts';
import type { Ask, GateContext, Secrets } from '../gates/gate.ts';
import { type Check, checkOf, NO_CHECK } from '../gates/kinds.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Http } from '../runtime/http.ts';
import type { Input, ProbeRequest } from './input.ts';
import { seedFrom } from './seed.ts';

/** What evaluating any gate needs of the process. */
export interface GateTools {
  http: Http;
  /** Absent: each query by itself. */
  ask?: Ask;
  clock: Clock;
  /** The operator's --prometheus-address. */
  defaultAddress: string | undefined;
  /** The Secrets of one namespace. */
  secretsOf(namespace: string): Secrets;
}

/** A step's samples look back at least this far, so that a young step has any data at all. */
const LEAST_STEP_SECONDS = 60;

/** Longest range in the Gate's query with the arguments of this binding, in seconds. */
export function windowSecondsOf(gate: Gate, binding: GateBinding): number {
  const vars = { ...placeholderVars, stepSeconds: LEAST_STEP_SECONDS, args: argsOf(binding) };
  return checkOf(gate.spec)?.longestRangeSeconds(vars) ?? 0;
}

function argsOf(binding: GateBinding): Record<string, string> {
  return Object.fromEntries((binding.args ?? []).map(({ name, value }) => [name, value]));
}

/** One key for each gate of a promotion's target. */
export function probeKey(owner: string, binding: GateBinding, target: string): string {
  return `${owner}|${binding.gate}|${binding.when}|${target}`;
}

/** The variables of a query, but for the one that time changes. */
function variables(promotion: Promotion, request: ProbeRequest): Omit<TemplateVars, 'stepSeconds'> {
  return {
    targetNamespace: request.target.rollout.namespace ?? promotion.metadata.namespace,
    rollout: request.target.rollout.name,
    target: request.target.name,
    environment: promotion.spec.environment,
    promotion: promotion.metadata.name,
    canaryHash: request.canaryHash,
    stableHash: request.stableHash,
    weight: request.weight,
    args: argsOf(request.binding),
  };
}

/**
 * The function that takes one sample. It lives as long as its probe, and so does whatever it refers to: no promotion,
 * and nothing else of the pass that made it.
 */
function sampling(
  check: Check | undefined,
  promotion: Promotion,
  request: ProbeRequest,
  tools: GateTools,
): Probe['evaluate'] {
  const vars = variables(promotion, request);
  const { namespace } = promotion.metadata;
  const { settledAt } = request;
  return evaluator(check, { vars, namespace, settledAt, counts: request.passFrom !== undefined }, tools);
}

interface Asked {
  vars: Omit<TemplateVars, 'stepSeconds'>;
  namespace: string;
  settledAt: number;
  /** Between two steps, and before this one has settled, samples only guard. */
  counts: boolean;
}

/** Apart from `sampling`, because a closure keeps all that its function knows, used or not. */
function evaluator(
  check: Check | undefined,
  { vars, namespace, settledAt, counts }: Asked,
  tools: GateTools,
): Probe['evaluate'] {
  return async (signal, state) => {
    const { http, ask, clock, defaultAddress } = tools;
    const sinceSettled = Math.floor((clock.now() - settledAt) / 1000);
    return evaluate(check, {
      vars: { ...vars, stepSeconds: Math.max(LEAST_STEP_SECONDS, sinceSettled) },
      ...(defaultAddress !== undefined && { defaultAddress }),
      http,
      ...(ask && { ask }),
      clock,
      secrets: tools.secretsOf(namespace),
      signal,
      ...(counts && { settledAt }),
      ...(state !== undefined && { state }),
    });
  };
}

/** The requests of a decision as probes that the sampler can run. */
export function probesOf(
  owner: string,
  input: Input,
  requests: readonly ProbeRequest[],
  tools: GateTools,
): Probe[] {
  const { promotion } = input;
  return requests.flatMap((request): Probe[] => {
    const { binding, target, epoch, passFrom } = request;
    const gate = input.gates.get(binding.gate);
    if (!gate) return [];
    const check = checkOf(gate.spec);
    const before = promotion.status?.gates?.find(
      (g) => g.gate === binding.gate && g.when === binding.when && g.target === target.name,
    );
    const seed = seedFrom(gate, before, request, input.now);
    return [
      {
        key: probeKey(owner, binding, target.name),
        owner,
        rules: {
          count: request.count ?? gate.spec.count,
          failureLimit: request.failureLimit ?? gate.spec.failureLimit,
          intervalMs: gate.spec.intervalSeconds * 1000,
        },
        epoch,
        passFrom,
        ...(seed && { seed }),
        spec: [gate.metadata.uid, gate.metadata.generation, request.canaryHash].join('/'),
        lane: check?.address ?? '',
        evaluate: sampling(check, promotion, request, tools),
      },
    ];
  });
}

/** A Gate whose check this version does not know cannot be asked: that is an Error, never a pass. */
async function evaluate(check: Check | undefined, context: GateContext): Promise<Sample> {
  if (check) return check.evaluate(context);
  return { at: context.clock.now(), verdict: 'Error', message: NO_CHECK, query: '', tookMs: 0 };
}
