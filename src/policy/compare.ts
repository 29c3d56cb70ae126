import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../kube/types.ts';
import type { Policy } from './policies.ts';

/** A ValidatingAdmissionPolicy or its binding, as the API server has it. */
export interface Admission extends KubeObject {
  spec?: Record<string, unknown>;
}

/** What the API server fills in, in admissionregistration.k8s.io/v1; anything else was written by somebody. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  scope: '*',
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where the first difference is, as a path such as `validations[0].expression`; undefined: there is none. */
function differenceAt(shipped: unknown, found: unknown, path: string): string | undefined {
  if (Array.isArray(shipped) && Array.isArray(found)) {
    if (shipped.length !== found.length) return path;
    for (const [i, item] of shipped.entries()) {
      const place = differenceAt(item, found[i], `${path}[${i}]`);
      if (place !== undefined) return place;
    }
    return undefined;
  }
  if (!isMap(shipped) || !isMap(found)) return isDeepStrictEqual(shipped, found) ? undefined : path;
  for (const key of new Set([...Object.keys(shipped), ...Object.keys(found)])) {
    const place = path === '' ? key : `${path}.${key}`;
    if (!Object.hasOwn(shipped, key)) {
      if (!isDeepStrictEqual(found[key], DEFAULTS[key])) return place;
      continue;
    }
    const inner = differenceAt(shipped[key], found[key], place);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Policies and bindings as they are in force, by name. */
export interface InForce {
  policy(name: string): Admission | undefined;
  binding(name: string): Admission | undefined;
}

/**
 * What is not as it was shipped: a policy that is narrowed, or bound by halves, lets some through whom the probe does
 * not see. One sentence that says what to do; undefined: everything is in force word for word.
 */
export function tamperingWith(shipped: readonly Policy[], found: InForce): string | undefined {
  for (const { name, spec, binding } of shipped) {
    const kinds = [
      ['ValidatingAdmissionPolicy', spec, found.policy(name)],
      ['ValidatingAdmissionPolicyBinding', binding, found.binding(name)],
    ] as const;
    for (const [kind, want, have] of kinds) {
      if (!have || have.metadata.deletionTimestamp !== undefined)
        return `${kind} ${name} is not there: apply the chart, or the manifests in policies/`;
      const place = differenceAt(want, have.spec, '');
      if (place !== undefined)
        return `${kind} ${name} is not what this version ships (spec.${place}): apply the chart, or the manifests in policies/, with the accounts that the operator was started with`;
    }
  }
  return undefined;
}

/** Which objects these are, and how often each was edited: any change of that is one of what is in force. */
export function fingerprintOf(shipped: readonly Policy[], found: InForce): string {
  return JSON.stringify(
    shipped.flatMap(({ name }) =>
      [found.policy(name), found.binding(name)].map((o) => [o?.metadata.uid, o?.metadata.generation]),
    ),
  );
}

/**
 * When the last of them was created, by the API server's clock in epoch milliseconds; undefined where one was edited
 * since, so that this says nothing.
 */
export function stampOf(shipped: readonly Policy[], found: InForce): number | undefined {
  const all = shipped.flatMap(({ name }) => [found.policy(name), found.binding(name)]);
  if (all.some((o) => o?.metadata.generation !== 1)) return undefined;
  return Math.max(...all.map((o) => Date.parse(o?.metadata.creationTimestamp ?? '')));
}
