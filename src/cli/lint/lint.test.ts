import { describe, expect, test } from '@jest/globals';
import { runCli } from '../program.ts';
import { keptIo } from '../testing/io.ts';

/** What lint says of this YAML. */
async function lint(yaml: string): Promise<{ exit: number; said: string }> {
  const io = keptIo(yaml);
  const exit = await runCli(['lint', '-'], io);
  return { exit, said: io.printed + io.complained };
}

const of = (kind: string, spec: string, name = 'x'): string =>
  `apiVersion: sluice.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n---\n`;
const GATE = '{prometheus: {query: up, pass: value > 0}}';
const TARGETS = 'targets: [{name: a, rollout: {name: a}}]';

test('what is whole has nothing said of it', async () => {
  const all =
    of('Gate', GATE, 'errors') +
    of('Environment', `{${TARGETS}, gates: [{gate: errors, when: During}]}`, 'prod');
  expect(await lint(all)).toEqual({ exit: 0, said: '2 objects, 0 errors, 0 warnings\n' });
});

test('objects of others are passed over', async () => {
  expect(await lint('apiVersion: v1\nkind: Secret\n')).toEqual({
    exit: 0,
    said: '0 objects, 0 errors, 0 warnings\n',
  });
});

describe('an error with its place', () => {
  test.each([
    [
      'a kind that is not known',
      of('Stage', '{}'),
      'kind Stage is not known: it is one of Environment, Gate, Promotion, Decision',
    ],
    [
      'another version',
      'apiVersion: sluice.dev/v2\nkind: Gate\n',
      'apiVersion sluice.dev/v2 is not known: write sluice.dev/v1alpha1',
    ],
    [
      'a field that is not known',
      of('Gate', '{prometheus: {query: up, pass: value > 0, intervall: 3}}'),
      'unknown field spec.prometheus.intervall',
    ],
    ['a field that is missing', of('Promotion', '{from: {environment: a}}'), 'spec.environment: '],
    [
      'a field of another type',
      of('Gate', '{prometheus: {query: up, pass: value > 0}, count: many}'),
      'spec.count: ',
    ],
    [
      'a rule of the CRD',
      of('Promotion', '{environment: prod}'),
      'a Promotion has either a revision or a from: set exactly one of them',
    ],
    [
      'a rule deep inside',
      of('Promotion', '{environment: prod, revision: {images: [{image: a/b}]}}'),
      'spec.revision.images[0]: name a tag, a digest, or best both',
    ],
    [
      'a rule on text',
      of('Promotion', "{environment: prod, revision: {images: [{image: 'a/b:1', tag: x}]}}"),
      'image is a repository without a tag',
    ],
    [
      'the same key twice',
      of('Environment', '{targets: [{name: a, rollout: {name: a}}, {name: a, rollout: {name: b}}]}'),
      'spec.targets[1]: the same name once more',
    ],
    ['a query that is none', of('Gate', '{prometheus: {query: "sum(", pass: value > 0}}'), 'query'],
    ['a condition that is none', of('Gate', '{prometheus: {query: up, pass: value >}}'), 'pass'],
    [
      'a variable that is not known',
      of('Gate', '{prometheus: {query: "up{a=\\"{{ nobody }}\\"}", pass: value > 0}}'),
      'nobody',
    ],
    [
      'a window that is none',
      of(
        'Environment',
        `{${TARGETS}, windows: [{name: w, kind: Allow, schedule: "99 * * * *", durationSeconds: 60}]}`,
      ),
      '99',
    ],
    [
      'a chain that goes round in circles',
      of('Environment', `{${TARGETS}, upstream: {environments: [{name: b}]}}`, 'a') +
        of('Environment', `{${TARGETS}, upstream: {environments: [{name: a}]}}`, 'b'),
      'its upstream leads back to it',
    ],
    ['text that is no YAML', 'a: [1', 'error: '],
    ['no name', `apiVersion: sluice.dev/v1alpha1\nkind: Gate\nspec: ${GATE}\n`, 'metadata.name is missing'],
  ])('%s', async (_, yaml, says) => {
    const { exit, said } = await lint(yaml);
    expect(said).toContain(says);
    expect(said).toContain('error: ');
    expect(exit).toBe(1);
  });

  test('says in which line the object begins', async () => {
    expect((await lint(of('Gate', GATE, 'a') + of('Gate', '{}', 'b'))).said).toContain(
      '-:6: Gate b: error: ',
    );
  });
});

test('what the cluster may have is a warning', async () => {
  const { exit, said } = await lint(of('Environment', `{${TARGETS}, gates: [{gate: errors, when: During}]}`));
  expect(said).toContain('warning: Gate errors is not in these files');
  expect(exit).toBe(0);
});

test('defaults count where a rule asks for them, as in the API server', async () => {
  expect((await lint(of('Gate', '{approval: {required: 2}}'))).exit).toBe(0);
  const { said } = await lint(of('Gate', '{approval: {required: 2}, count: 5}'));
  expect(said).toContain('error: ');
});
