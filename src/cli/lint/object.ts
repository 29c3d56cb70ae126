import type { z } from 'zod';
import { structuralSchema } from '../../api/crd.ts';
import { decisionSpec } from '../../api/v1alpha1/decision.ts';
import { environmentSpec } from '../../api/v1alpha1/environment.ts';
import { gateSpec } from '../../api/v1alpha1/gate.ts';
import { API_VERSION, GROUP, type Kind } from '../../api/v1alpha1/names.ts';
import { promotionSpec } from '../../api/v1alpha1/promotion.ts';
import type { Environment, Gate } from '../../api/v1alpha1/types.ts';
import { calendarOf } from '../../environment/calendar.ts';
import { checkOf } from '../../gates/kinds.ts';
import { brokenRules, type Node, unknownFields } from './schema.ts';

/** What is wrong with an object. A warning may be no mistake. */
export interface Finding {
  level: 'error' | 'warning';
  message: string;
}

/** A finding with its place. */
export interface Found extends Finding {
  /** `FILE:LINE`, where the object begins. */
  at: string;
  /** `Gate error-rate`; absent where the text is no YAML. */
  object?: string;
}

/** How a finding names its object. */
export const named = ({ kind, metadata }: Manifest): string => `${String(kind)} ${metadata?.name ?? ''}`;

/** An object of ours in a file. */
export interface Manifest {
  apiVersion?: unknown;
  kind?: unknown;
  metadata?: { name?: string; generateName?: string; namespace?: string };
  spec?: unknown;
}

const SPECS: Readonly<Record<Kind, z.ZodType>> = {
  Environment: environmentSpec,
  Gate: gateSpec,
  Promotion: promotionSpec,
  Decision: decisionSpec,
};
const schemas = new Map<Kind, Node>();

function schemaOf(kind: Kind): Node {
  const known = schemas.get(kind) ?? structuralSchema(SPECS[kind], kind);
  schemas.set(kind, known);
  return known;
}

const error = (message: string): Finding => ({ level: 'error', message });

/** Whether a document is for us to judge. */
export function isOurs({ apiVersion }: Manifest): boolean {
  return typeof apiVersion === 'string' && apiVersion.split('/')[0] === GROUP;
}

/** The object with its defaults filled in, where it is whole; and all that is wrong with it by itself. */
export function lintObject(manifest: Manifest): { object?: Manifest; findings: Finding[] } {
  const { apiVersion, kind, metadata, spec } = manifest;
  if (apiVersion !== API_VERSION)
    return { findings: [error(`apiVersion ${String(apiVersion)} is not known: write ${API_VERSION}`)] };
  if (typeof kind !== 'string' || !Object.hasOwn(SPECS, kind))
    return {
      findings: [error(`kind ${String(kind)} is not known: it is one of ${Object.keys(SPECS).join(', ')}`)],
    };
  const known = kind as Kind;
  const schema = schemaOf(known);
  const before = [
    ...(typeof (metadata?.name ?? metadata?.generateName) !== 'string'
      ? [
          error(
            'metadata.name is missing, or no string: every object has one, or generateName where it is created',
          ),
        ]
      : []),
    ...unknownFields(schema, spec, 'spec').map((path) => error(`unknown field ${path}`)),
  ];
  const result = SPECS[known].safeParse(spec ?? {});
  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) =>
      error(`${['spec', ...path].join('.').replaceAll(/\.(\d+)/g, '[$1]')}: ${message}`),
    );
    return { findings: [...before, ...issues] };
  }
  const object = { ...manifest, spec: result.data };
  const broken = brokenRules(schema, result.data, 'spec').map(({ path, message }) =>
    error(`${path}: ${message}`),
  );
  return { object, findings: [...before, ...broken, ...meaningOf(known, object)] };
}

/** What the operator would say in a condition. */
function meaningOf(kind: Kind, object: unknown): Finding[] {
  if (kind === 'Gate') {
    const validation = checkOf((object as Gate).spec)?.validate();
    return validation && !validation.ok ? [error(validation.message)] : [];
  }
  if (kind === 'Environment') {
    const unreadable = calendarOf(object as Environment, 0)?.unreadable;
    return unreadable === undefined ? [] : [error(unreadable)];
  }
  return [];
}
