import { judge, type Judgement, movePassFrom, newJudgement } from '../../analysis/judge.ts';
import type { Verdict } from '../../analysis/sample.ts';
import type { Gate, GateBinding, Promotion } from '../../api/v1alpha1/types.ts';
import type { ProbeRequest } from '../input.ts';
import { seedFrom } from '../seed.ts';

/** One key for each gate and moment of a target. */
export const probeKey = ({ gate, when }: GateBinding, target: string): string => `${gate}|${when}|${target}`;

/** The range of every query in a world, seconds. */
export const WINDOW_SECONDS = 1;

/** What the operator has in memory alone and a crash takes: the sampler's part of it, without its timers. */
export class Memory {
  /** By gate, moment and target. */
  readonly judgements: Map<string, Judgement>;
  readonly requests: Map<string, ProbeRequest>;
  /** Generation that the answer to the last restore of each target has told. */
  readonly restored: Map<string, number>;

  constructor(from?: Memory) {
    this.judgements = new Map(from?.judgements);
    this.requests = new Map(from?.requests);
    this.restored = new Map(from?.restored);
  }

  lose(): void {
    this.judgements.clear();
    this.requests.clear();
    this.restored.clear();
  }

  /** Makes what is asked exactly this, as the sampler does: a new epoch counts anew, a restart goes on from status. */
  sync(
    probes: readonly ProbeRequest[],
    gates: ReadonlyMap<string, Gate>,
    { status }: Promotion,
    now: number,
  ): void {
    const before = new Map(this.requests);
    this.requests.clear();
    for (const request of probes) this.requests.set(probeKey(request.binding, request.target.name), request);
    for (const key of before.keys()) if (!this.requests.has(key)) this.judgements.delete(key);
    for (const [key, request] of this.requests) {
      const known = this.judgements.get(key);
      const { binding, target, epoch, passFrom } = request;
      const gate = gates.get(binding.gate);
      if (known === undefined) {
        const said = status?.gates?.find(
          (g) => g.gate === binding.gate && g.when === binding.when && g.target === target.name,
        );
        const seed = gate && seedFrom(gate, said, request, now);
        const first = seed ? movePassFrom(seed, passFrom, now) : newJudgement(epoch, now);
        this.judgements.set(key, first);
      } else if (known.epoch !== epoch || before.get(key)?.canaryHash !== request.canaryHash)
        this.judgements.set(key, newJudgement(epoch, now));
      else if (before.get(key)?.passFrom !== passFrom)
        this.judgements.set(key, movePassFrom(known, passFrom, now));
    }
  }

  /** One answer of one gate about one target, where it is asked. */
  sample(key: string, gate: Gate, verdict: Verdict, now: number): void {
    const [request, before] = [this.requests.get(key), this.judgements.get(key)];
    if (!request || !before) return;
    const value = verdict === 'Fail' ? 5 : 0;
    const sample = {
      at: now,
      verdict,
      ...(verdict !== 'Error' && { value }),
      message: verdict,
      query: 'up',
      tookMs: 1,
    };
    const rules = {
      count: request.count ?? gate.spec.count,
      failureLimit: request.failureLimit ?? gate.spec.failureLimit,
      intervalMs: gate.spec.intervalSeconds * 1000,
    };
    this.judgements.set(key, judge(before, sample, rules, request.passFrom));
  }
}
