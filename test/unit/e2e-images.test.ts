import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Image, writeImage } from '../../e2e/images/archive.ts';
import { lastStage } from '../../e2e/images/dockerfile.ts';

/* What the end-to-end tests write without Docker: images in files, by the Dockerfile. */

const root = join(import.meta.dirname, '../..');
let dir: string;
let image: Image;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-images-'));
  const files = [
    { path: 'bin/tool', data: 'x'.repeat(600), mode: 0o755 },
    { path: 'tmp', mode: 0o1777 },
  ];
  image = writeImage({ name: 'localhost/tool:v1', files, entrypoint: ['/bin/tool'], user: '1:1' }, dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A file in the archive, as tar reads it. */
const inside = (path: string): Buffer => execFileSync('tar', ['-xOf', image.archive, path]);

test('the last stage of the Dockerfile is all understood', () => {
  expect(lastStage(join(root, 'Dockerfile'), { PATH: '/bin' })).toMatchObject({
    env: { PATH: '/nodejs/bin:/bin', NODE_ENV: 'production' },
    workdir: '/app',
    user: '65532:65532',
    copies: new Map([
      ['/app/package.json', '/app/package.json'],
      ['/app/dist/main.js', '/app/dist/main.js'],
    ]),
  });
});

test('an image is known by the digest of its manifest, and every part by its own', () => {
  expect(image.byDigest).toBe(`localhost/tool@${image.digest}`);
  const paths = execFileSync('tar', ['-tf', image.archive], { encoding: 'utf8' }).trim().split('\n');
  const blobs = paths.filter((path) => /^blobs\/sha256\/./.test(path));
  expect(blobs).toHaveLength(3);
  for (const path of blobs)
    expect(path).toBe(`blobs/sha256/${createHash('sha256').update(inside(path)).digest('hex')}`);
  const index: { manifests: { digest: string }[] } = JSON.parse(inside('index.json').toString());
  expect(index.manifests.map(({ digest }) => digest)).toEqual([image.digest]);
});

test('its layer has what was put in, with its rights, and the directories on the way', () => {
  const [{ Layers: [layer = ''] = [] } = {}]: { Layers?: string[] }[] = JSON.parse(
    inside('manifest.json').toString(),
  );
  const listed = execFileSync('tar', ['-tvf', '-'], { input: inside(layer), encoding: 'utf8' });
  const lines = listed.trim().split('\n');
  expect(lines.map((line) => [line.slice(0, 10), line.split(' ').at(-1)])).toEqual([
    ['drwxr-xr-x', 'bin/'],
    ['-rwxr-xr-x', 'bin/tool'],
    ['drwxrwxrwt', 'tmp/'],
  ]);
  expect(readFileSync(image.archive).length % 512).toBe(0);
});
