import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { tarGz } from '../../release/archive.ts';
import { pluginArchive } from '../../release/build.ts';
import { changelogSection, disagreements, obstacles, statedVersions } from '../../release/checks.ts';
import { optionsFrom } from '../../release/options.ts';
import { artifactsOf, asTyped, npmManifest, publishing } from '../../release/plan.ts';
import { GIVEN } from '../harness/release-given.ts';

/* What can be told of a release without making one. */

const root = join(import.meta.dirname, '../..');

describe('what is asked for', () => {
  test('every name that is missing is told at once, with an example', () => {
    for (const variable of ['REPOSITORY', 'IMAGE', 'CHARTS', 'NPM_PACKAGE'])
      expect(() => optionsFrom({ VERSION: '1.2.3' })).toThrow(
        new RegExp(`^${variable} is missing: set it, such as ${variable}=.+$`, 'm'),
      );
  });

  test.each([
    ['VERSION', 'v1.2.3'],
    ['VERSION', '1.2'],
    ['REPOSITORY', 'https://github.com/acme/sluice'],
    ['IMAGE', 'registry.example/Acme/sluice'],
    ['IMAGE', 'registry.example/acme/sluice:1.2.3'],
    ['CHARTS', 'https://registry.example/charts'],
    ['NPM_PACKAGE', '@Acme/sluice'],
  ])('%s=%s is refused', (variable, value) => {
    expect(() => optionsFrom({ ...GIVEN, [variable]: value })).toThrow(variable);
  });

  test('a dry run needs no names, and shows their variables', () => {
    const { dryRun, names } = optionsFrom({ VERSION: '1.2.3', DRY_RUN: '1' });
    expect([dryRun, names.repository]).toEqual([true, '$REPOSITORY']);
    expect(optionsFrom({ ...GIVEN, DRY_RUN: '0' }).dryRun).toBe(false);
  });
});

describe('what has to agree', () => {
  test('every place in the repository states one version', () => {
    const stated = statedVersions(root);
    expect(stated).toHaveLength(4);
    expect(disagreements(stated[0]?.version ?? '', stated)).toEqual([]);
  });

  test('a place that states another, or none, is named', () => {
    const stated = [
      { place: 'package.json', version: '1.2.3' },
      { place: 'version', version: '1.2.2' },
      { place: 'appVersion', version: undefined },
    ];
    expect(disagreements('1.2.3', stated)).toEqual([
      'version is 1.2.2, not 1.2.3: set it and commit',
      'appVersion is missing, not 1.2.3: set it and commit',
    ]);
  });
});

describe('the changelog', () => {
  const text =
    '# Changelog\n\n## Unreleased\n\n## [1.3.0] - 2027-01-02\n### Added\n- B.\n\n## 1.2.3\n- A.\n\n## 1.2.2\n\n## 1.2\n- C.\n';

  test.each([
    ['1.3.0', '### Added\n- B.'],
    ['1.2.3', '- A.'],
    ['1.2.2', undefined],
    ['1.2.4', undefined],
    ['Unreleased', undefined],
  ])('says of %s: %j', (version, section) => {
    expect(changelogSection(text, version)).toBe(section);
  });

  test('nothing is released that it does not tell, nor from a tree with changes', () => {
    expect(obstacles('1.2.3', text, '')).toEqual([]);
    expect(obstacles('1.2.4', text, ' M README.md')).toEqual([
      expect.stringContaining('nothing under "## 1.2.4"'),
      expect.stringContaining(' M README.md'),
    ]);
  });
});

const typed = (version: string): string[] =>
  publishing(optionsFrom({ ...GIVEN, VERSION: version }), 'helm').map(asTyped);

describe('what publishes it', () => {
  test('is the image, then the chart, then npm, and the release last', () => {
    const [image, chart, npm, release] = typed('1.2.3');
    expect(image).toMatch(
      /^docker buildx build --push --provenance=mode=max --sbom=true .*--tag registry.example\/acme\/sluice:1.2.3 \.$/,
    );
    expect(chart).toBe('helm push dist/release/sluice-1.2.3.tgz oci://registry.example/acme/charts');
    expect(npm).toMatch(/^npm publish \.\/dist\/release\/\S+ --provenance --access public --tag latest$/);
    expect(release).toMatch(/^gh release create v1.2.3 --repo acme\/sluice --verify-tag /);
    for (const file of [...Object.values(artifactsOf('1.2.3')), 'SHA256SUMS'])
      expect(release).toContain(` dist/release/${file}`);
  });

  test('is looked for first, each where it is published', () => {
    const probes = publishing(optionsFrom(GIVEN), 'helm').map(({ there }) => asTyped(there));
    expect(probes).toEqual([
      'docker buildx imagetools inspect registry.example/acme/sluice:1.2.3',
      'helm show chart oci://registry.example/acme/charts/sluice --version 1.2.3',
      'npm view @acme/kubectl-sluice@1.2.3 version',
      'gh release view v1.2.3 --repo acme/sluice',
    ]);
  });

  test('goes to npm without provenance only where that was said', () => {
    const without = publishing(optionsFrom({ ...GIVEN, PROVENANCE: '0' }), 'helm')
      .map(asTyped)
      .join('\n');
    expect(without).toContain('kubectl-sluice-npm-1.2.3.tgz --access public');
  });

  test('of a version with a suffix nobody gets it who did not ask', () => {
    expect(typed('1.3.0-rc.1').join('\n')).toMatch(/--tag next\n.*--prerelease/);
  });

  test('the release has the file that krew looks for', () => {
    const krew = readFileSync(join(root, '.krew.yaml'), 'utf8');
    expect(krew).toContain(`/${artifactsOf('1.2.3').plugin}"`);
  });

  test('and says how kubectl finds its completion, beside the one link that krew makes', () => {
    const krew = mkdtempSync(join(tmpdir(), 'krew-'));
    mkdirSync(join(krew, 'bin'));
    writeFileSync(join(krew, 'bin/kubectl-sluice'), '');
    const [line = ''] = /ln -s .*$/m.exec(readFileSync(join(root, '.krew.yaml'), 'utf8')) ?? [];
    execFileSync('sh', ['-c', line], { env: { ...process.env, KREW_ROOT: krew } });
    expect(realpathSync(join(krew, 'bin/kubectl_complete-sluice'))).toBe(
      realpathSync(join(krew, 'bin/kubectl-sluice')),
    );
    rmSync(krew, { recursive: true });
  });

  test('a word that a shell would take apart is quoted', () => {
    expect(asTyped({ command: 'echo', args: ["it's", 'a b', '$REPOSITORY'] })).toBe(
      `echo 'it'\\''s' 'a b' $REPOSITORY`,
    );
  });

  test('the package on npm says where it was built, and depends on nothing', () => {
    const own: object = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const manifest = npmManifest(optionsFrom(GIVEN), own);
    expect(manifest).toMatchObject({
      name: '@acme/kubectl-sluice',
      version: '1.2.3',
      repository: { url: 'git+https://github.com/acme/sluice.git' },
      bin: { 'kubectl-sluice': './dist/kubectl-sluice.js' },
    });
    expect(Object.keys(manifest)).not.toContain('dependencies');
    expect(Object.keys(manifest)).not.toContain('private');
  });
});

describe('the archive of the plugin', () => {
  let scratch: string;
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'sluice-release-test-'));
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  const write = (at: Date): Buffer => {
    mkdirSync(join(scratch, 'dist'), { recursive: true });
    for (const [file, text] of [
      ['dist/kubectl-sluice.js', 'console.log(1);\n'.repeat(100)],
      ['LICENSE', 'Apache'],
    ] as const) {
      writeFileSync(join(scratch, file), text);
      utimesSync(join(scratch, file), at, at);
    }
    return pluginArchive(scratch);
  };

  test('is the same, byte by byte, whenever it is built', () => {
    expect(write(new Date(86_400_000)).equals(write(new Date(2 * 86_400_000)))).toBe(true);
  });

  test('does not depend on the order of its files, and does on what is in them', () => {
    const [a, b] = ['a', 'b'].map((name) => ({ name, mode: 0o644, content: Buffer.from(name) }));
    if (!a || !b) throw new Error('there are two');
    expect(tarGz([a, b]).equals(tarGz([b, a]))).toBe(true);
    expect(tarGz([a]).equals(tarGz([{ ...a, content: Buffer.from('c') }]))).toBe(false);
  });

  test('holds what .krew.yaml takes out of it, as tar reads it', () => {
    const krew = readFileSync(join(root, '.krew.yaml'), 'utf8').replace(/^ *\{\{ addURI.*$/m, '');
    const { spec }: { spec: { platforms: { files: { from: string }[] }[] } } = parse(krew);
    writeFileSync(join(scratch, 'plugin.tar.gz'), write(new Date()));
    mkdirSync(join(scratch, 'out'));
    execFileSync('tar', ['-xzf', '../plugin.tar.gz'], { cwd: join(scratch, 'out') });
    const wanted = spec.platforms.flatMap(({ files }) => files.map(({ from }) => from));
    expect(wanted.toSorted()).toEqual(['LICENSE', 'kubectl-sluice.js']);
    for (const file of wanted) expect(statSync(join(scratch, 'out', file)).size).toBeGreaterThan(0);
    const plugin = join(scratch, 'out/kubectl-sluice.js');
    expect(readFileSync(plugin, 'utf8')).toBe('console.log(1);\n'.repeat(100));
    expect(statSync(plugin).mode & 0o111).toBe(0o111);
  });

  test('refuses a name that does not fit rather than cutting it', () => {
    expect(() => tarGz([{ name: 'a'.repeat(101), mode: 0o644, content: Buffer.alloc(0) }])).toThrow(
      'too long',
    );
  });
});
