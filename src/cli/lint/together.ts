import type { Environment, Gate, Promotion } from '../../api/v1alpha1/types.ts';
import { type Finding, type Found, type Manifest, named as nameOf } from './object.ts';

/** An object that is whole, with the place it was read from. */
export interface Placed {
  at: string;
  object: Manifest;
}

/** What only several objects together show: names that lead nowhere, and chains that go round in circles. */
export function lintTogether(all: readonly Placed[]): Found[] {
  const named = (kind: string): Set<string> =>
    new Set(
      all.filter((p) => p.object.kind === kind).map(({ object }) => keyOf(object, object.metadata?.name)),
    );
  const environments = named('Environment');
  const gates = named('Gate');
  return all.flatMap(({ at, object }) => {
    const missing = [
      ...namesIn(object, 'Environment')
        .filter((n) => !environments.has(keyOf(object, n)))
        .map((n) => `Environment ${n}`),
      ...namesIn(object, 'Gate')
        .filter((n) => !gates.has(keyOf(object, n)))
        .map((n) => `Gate ${n}`),
    ];
    const circle = circles(object, all);
    const place = { at, object: nameOf(object) };
    return [
      ...missing.map(
        (what): Found => ({
          ...place,
          level: 'warning',
          message: `${what} is not in these files: it has to be in the cluster, in the same namespace`,
        }),
      ),
      ...(circle ? [{ ...place, ...circle }] : []),
    ];
  });
}

const keyOf = ({ metadata }: Manifest, name: string | undefined): string =>
  `${metadata?.namespace ?? ''}/${name ?? ''}`;

/** The names of other objects that an object speaks of. */
function namesIn(object: Manifest, kind: 'Environment' | 'Gate'): string[] {
  const { spec } = object as Environment & Promotion & Gate;
  if (object.kind === 'Environment') {
    const { gates = [], upstream } = spec as Environment['spec'];
    return kind === 'Gate' ? gates.map((b) => b.gate) : (upstream?.environments.map((e) => e.name) ?? []);
  }
  if (object.kind !== 'Promotion') return [];
  const { environment, from, gates = [] } = spec as Promotion['spec'];
  return kind === 'Gate' ? gates.map((b) => b.gate) : [environment, ...(from ? [from.environment] : [])];
}

function circles(object: Manifest, all: readonly Placed[]): Finding | undefined {
  if (object.kind !== 'Environment') return undefined;
  const above = new Map<string, string[]>();
  for (const { object: peer } of all) {
    if (peer.kind !== 'Environment' || peer.metadata?.namespace !== object.metadata?.namespace) continue;
    const name = peer.metadata?.name ?? '';
    above.set(name, [...(above.get(name) ?? []), ...namesIn(peer, 'Environment')]);
  }
  const own = object.metadata?.name ?? '';
  const reached = new Set<string>();
  const next = [...(above.get(own) ?? [])];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    next.push(...(above.get(name) ?? []));
  }
  return reached.has(own)
    ? { level: 'error', message: 'its upstream leads back to it: nothing could ever come to any of them' }
    : undefined;
}
