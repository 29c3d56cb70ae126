import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/* The dependency rule of docs/design: what may know what. */

const src = join(import.meta.dirname, '../../src');

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('testing/'),
);

const imports: Import[] = sources.flatMap((file) => {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?'([^']+)'/gms)].map(
    ([, type, to = '']) => ({
      from: file,
      to: to.startsWith('.') ? relative(src, join(src, dirname(file), to)) : to,
      typeOnly: type !== undefined,
    }),
  );
});

const places = (rule: (i: Import) => boolean): string[] =>
  imports.filter(rule).map(({ from, to }) => `${from} imports ${to}`);
const under = (path: string, ...folders: string[]): boolean => folders.some((f) => path.startsWith(`${f}/`));
const isPackage = (to: string): boolean => !to.endsWith('.ts');

/** The pure part of a kind: everything but what gathers, acts and wires. */
const IMPURE = ['act.ts', 'controller.ts', 'ending.ts', 'probes.ts'];
const isImpure = (file: string): boolean =>
  under(file, 'promotion/gather') || IMPURE.includes(file.slice(file.lastIndexOf('/') + 1));
const isPure = (file: string): boolean =>
  under(file, 'promotion', 'environment', 'analysis') && !isImpure(file) && file !== 'analysis/sampler.ts';

/** What a decision may know. */
const allowed = (to: string): boolean =>
  under(to, 'api', 'runtime', 'analysis', 'promotion', 'environment', 'audit') ||
  ['delivery/delivery.ts', 'policy/standing.ts'].includes(to) ||
  (isPackage(to) && !['got', 'pino', 'prom-client', '@kubernetes/client-node'].includes(to));

describe('what may know what', () => {
  test('there is something to look at', () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  test('client-node is a value in kube/ only', () => {
    expect(
      places((i) => i.to.startsWith('@kubernetes/client-node') && !i.typeOnly && !under(i.from, 'kube')),
    ).toEqual([]);
  });

  test('only operator.ts knows @dot-i', () => {
    expect(places((i) => i.to.startsWith('@dot-i') && i.from !== 'operator.ts')).toEqual([]);
  });

  test('got is known in runtime/ only', () => {
    expect(places((i) => i.to === 'got' && !under(i.from, 'runtime'))).toEqual([]);
  });

  test('decisions know the API, the runtime, the analysis and the interface of deliveries, and no client', () => {
    expect(places((i) => isPure(i.from) && !allowed(i.to))).toEqual([]);
  });

  test('decisions import nothing that gathers, acts or wires', () => {
    expect(places((i) => isPure(i.from) && isImpure(i.to))).toEqual([]);
  });

  test('gates and deliveries do not know the kinds', () => {
    const kinds = ['promotion', 'environment', 'gate', 'decision'];
    expect(
      places(
        (i) =>
          under(i.from, 'gates', 'delivery', 'analysis', 'kube', 'metrics', 'server') &&
          under(i.to, ...kinds),
      ),
    ).toEqual([]);
  });

  test('kube/ knows nothing of promotions', () => {
    expect(
      places((i) => under(i.from, 'kube') && !isPackage(i.to) && !under(i.to, 'kube', 'runtime')),
    ).toEqual([]);
  });

  test('the API knows only itself, and what may be shown', () => {
    const shows = 'runtime/presentable.ts';
    expect(
      places((i) => under(i.from, 'api') && !isPackage(i.to) && !under(i.to, 'api') && i.to !== shows),
    ).toEqual([]);
  });

  test('nothing imports main', () => {
    expect(places((i) => i.to === 'main.ts')).toEqual([]);
  });
});

describe('what only runtime/ reads', () => {
  test.each([
    /\bDate\.now\(/,
    /\bnew Date\(\)/,
    /\bMath\.random\(/,
    /\bperformance\.now\(/,
    /\bset(?:Timeout|Interval)\(/,
  ])('%s', (pattern) => {
    const found = sources.filter(
      (f) => !under(f, 'runtime') && pattern.test(readFileSync(join(src, f), 'utf8')),
    );
    expect(found).toEqual([]);
  });
});
