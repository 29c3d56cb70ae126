import { isDeepStrictEqual } from 'node:util';
import { withConditions } from '../api/v1alpha1/conditions.ts';
import { GATES } from '../api/v1alpha1/names.ts';
import { parseGate, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Gate, GateStatus } from '../api/v1alpha1/types.ts';
import type { Validation } from '../gates/gate.ts';
import { checkOf, NO_CHECK } from '../gates/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { patchStatus } from '../kube/patch.ts';
import { objectPath, splitKey } from '../kube/paths.ts';
import type { StoreReader } from '../kube/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { toTime } from '../runtime/time.ts';

/** Whether this Gate can be evaluated at all, without asking anybody. */
function validate(gate: Gate, defaultAddress: string | undefined): Validation {
  const check = checkOf(gate.spec);
  if (!check) return { ok: false, message: NO_CHECK };
  const validation = check.validate();
  if (!validation.ok || check.address !== undefined || defaultAddress !== undefined) return validation;
  return {
    ok: false,
    message: `no address: set spec.${check.kind}.address, or start the operator with --prometheus-address`,
  };
}

/** The status of a Gate: pure. */
export function gateStatus(gate: Gate, validation: Validation, now: number): GateStatus {
  const generation = gate.metadata.generation ?? 0;
  return {
    observedGeneration: generation,
    conditions: withConditions(
      gate.status?.conditions,
      [
        {
          type: 'Ready',
          status: validation.ok ? 'True' : 'False',
          reason: validation.ok ? 'Ready' : 'InvalidSpec',
          message: validation.ok ? 'the query and its conditions can be evaluated' : validation.message,
        },
      ],
      generation,
      toTime(now),
    ),
  };
}

export interface GateControllerOptions {
  client: KubeClient;
  clock: Clock;
  gates: StoreReader<RawObject>;
  /** The operator's --prometheus-address. */
  defaultAddress: string | undefined;
}

/** Keeps the status of Gates, written when it changes. */
export class GateController {
  readonly #o: GateControllerOptions;

  constructor(options: GateControllerOptions) {
    this.#o = options;
  }

  async reconcile(key: string, _signal: AbortSignal, log: Log): Promise<void> {
    const { namespace, name } = splitKey(key);
    const raw = this.#o.gates.get(namespace, name);
    if (!raw || raw.metadata.deletionTimestamp) return;
    const parsed = parseGate(raw);
    if (!parsed.ok) return log.warn({ reason: parsed.message }, 'Gate is not readable');
    const status = gateStatus(
      parsed.object,
      validate(parsed.object, this.#o.defaultAddress),
      this.#o.clock.now(),
    );
    if (isDeepStrictEqual(parsed.object.status, status)) return;
    this.#o.gates.upsertLocal(
      await patchStatus(this.#o.client, objectPath(GATES, namespace, name), raw, status),
    );
  }
}
