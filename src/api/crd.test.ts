import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { structuralSchema } from './crd.ts';
import { CRDS } from './v1alpha1/crds.ts';
import { environmentSpec } from './v1alpha1/environment.ts';

/** The paths at which a schema has this keyword within a list. */
function inLists(node: unknown, keyword: string, path = '', isInList = false): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const found = isInList && keyword in node ? [path] : [];
  return [
    ...found,
    ...Object.entries(node).flatMap(([key, child]) =>
      inLists(child, keyword, `${path}/${key}`, isInList || key === 'items'),
    ),
  ];
}

describe('a default of an item of a list', () => {
  test('is in no CRD: Argo CD would see a difference from Git for ever', () => {
    expect(CRDS.flatMap(({ kind, definition }) => inLists(definition, 'default', kind))).toEqual([]);
  });

  test('is told in its description, and beside lists it stays where it is', () => {
    const size = z.int().min(0).max(9).default(3).meta({ description: 'How much.' });
    const schema = structuralSchema(z.object({ size, parts: z.array(z.object({ size })) }), 'spec');
    expect(schema).toMatchObject({
      properties: {
        size: { default: 3, description: 'How much.' },
        parts: { items: { properties: { size: { description: 'How much. Absent: 3.' } } } },
      },
    });
    expect(inLists(schema, 'default')).toEqual([]);
  });

  test('is what the operator reads where it is absent', () => {
    const spec = environmentSpec.parse({
      targets: [{ name: 'checkout', rollout: { name: 'checkout' } }],
      upstream: { environments: [{ name: 'staging' }] },
      windows: [{ name: 'nights', kind: 'Deny', schedule: '0 22 * * *', durationSeconds: 3600 }],
      analysis: {},
      rollback: {},
    });
    expect(spec.targets[0]?.wave).toBe(0);
    expect(spec.upstream?.environments[0]?.soakSeconds).toBe(0);
    expect(spec.windows?.[0]?.onClose).toBe('Finish');
  });
});
