import { z } from 'zod';
import { GROUP, type Kind, PLURALS, VERSION } from './v1alpha1/names.ts';

/** A JSON schema node as z.toJSONSchema and the API server have it. */
type Schema = Record<string, unknown>;

/** A printer column; `priority` 1 shows with `-o wide` only. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description: string;
  priority?: 0 | 1;
}

export interface CrdOptions {
  kind: Kind;
  spec: z.ZodType;
  status: z.ZodType;
  description: string;
  columns: readonly Column[];
  /** Fields that `--field-selector` takes (Kubernetes 1.30 and newer). */
  selectableFields?: readonly string[];
}

/** Keywords of JSON schema that a structural schema does not know or forbids. */
const DROPPED = new Set(['$schema', 'additionalProperties', 'id', '$id']);
const SAFE_INTEGER = Number.MAX_SAFE_INTEGER;

/**
 * Makes a schema structural: as z.toJSONSchema writes it, the API server refuses it.
 * A discriminated union has no place in this API (a tagged union is an object with one member set),
 * so it is an error here rather than a rewriting rule.
 * A default of an item of a list is told, and left to the operator: Argo CD compares lists of custom resources as a
 * whole (gitops-engine, ThreeWayDiff), so an item that the API server has completed differs from Git for ever.
 */
function structural(node: Schema, path: string, isInList = false): Schema {
  for (const keyword of ['anyOf', 'oneOf', 'allOf', '$ref', 'not'])
    if (keyword in node)
      throw new Error(`${path}: ${keyword} cannot be made structural; use an object with CEL rules`);
  const out: Schema = {};
  for (const [key, value] of Object.entries(node)) {
    if (DROPPED.has(key)) continue;
    if ((key === 'minimum' || key === 'maximum') && Math.abs(value as number) === SAFE_INTEGER) continue;
    if (key === 'properties')
      out[key] = Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, child]) => [
          name,
          structural(child, `${path}.${name}`, isInList),
        ]),
      );
    else if (key === 'items') out[key] = structural(value as Schema, `${path}[]`, true);
    else if (key !== 'default' || !isInList) out[key] = value;
  }
  if (isInList && 'default' in node)
    out.description = `${String(node.description)} Absent: ${String(node.default)}.`;
  return out;
}

/** The structural schema of a zod type; `input`, so that fields with a default are optional. */
export function structuralSchema(type: z.ZodType, path: string): Schema {
  const json = z.toJSONSchema(type, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    unrepresentable: 'throw',
  });
  return structural(json, path);
}

/** The CustomResourceDefinition of one kind of ours, ready to be written as YAML or sent as JSON. */
export function customResourceDefinition(options: CrdOptions): Record<string, unknown> {
  const plural = PLURALS[options.kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: options.kind,
        listKind: `${options.kind}List`,
        plural,
        singular: options.kind.toLowerCase(),
        categories: ['sluice'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: options.columns,
          ...(options.selectableFields && {
            selectableFields: options.selectableFields.map((jsonPath) => ({ jsonPath })),
          }),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: options.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structuralSchema(options.spec, `${options.kind}.spec`),
                status: structuralSchema(options.status, `${options.kind}.status`),
              },
            },
          },
        },
      ],
    },
  };
}
