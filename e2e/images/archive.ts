import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, writeTar } from './tar.ts';

/** What an image runs, and how; as in a Dockerfile. */
export interface Recipe {
  /** With its tag, such as `localhost/shop:v1`. */
  name: string;
  /** What is in it: files, and the directories that nothing is in. */
  files: readonly Entry[];
  entrypoint: readonly string[];
  cmd?: readonly string[];
  env?: Readonly<Record<string, string>>;
  user?: string;
  workdir?: string;
}

/** An image in a file. */
export interface Image {
  name: string;
  /** Of the manifest: what registries, nodes and promotions know it by. */
  digest: string;
  /** `name@digest`, without the tag. */
  byDigest: string;
  /** Path of the archive. */
  archive: string;
}

/**
 * Writes an image into a file without any builder: one layer, as an OCI layout, which containerd imports. A manifest
 * for `docker load` is beside it.
 */
export function writeImage(recipe: Recipe, dir: string): Image {
  mkdirSync(dir, { recursive: true });
  const scratch = mkdtempSync(join(dir, 'layer-'));
  try {
    const layerFile = join(scratch, 'layer.tar');
    const layer = writeTar(layerFile, withFolders(recipe.files));
    const config = blob(configOf(recipe, layer.digest));
    const manifest = blob({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
    });
    const archive = join(dir, `${recipe.name.replaceAll(/[^\w.-]/g, '_')}.tar`);
    const named = {
      ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
      annotations: { 'io.containerd.image.name': recipe.name },
    };
    writeTar(archive, [
      { path: 'oci-layout', data: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
      { path: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: [named] }) },
      { path: blobPath(manifest.digest), data: manifest.data },
      { path: blobPath(config.digest), data: config.data },
      { path: blobPath(layer.digest), from: layerFile },
      {
        path: 'manifest.json',
        data: JSON.stringify([
          { Config: blobPath(config.digest), RepoTags: [recipe.name], Layers: [blobPath(layer.digest)] },
        ]),
      },
    ]);
    const digest = `sha256:${manifest.digest}`;
    return {
      name: recipe.name,
      digest,
      byDigest: `${recipe.name.replace(/:[^:/]+$/, '')}@${digest}`,
      archive,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

interface Blob {
  digest: string;
  size: number;
}

function blob(content: object): Blob & { data: Buffer } {
  const data = Buffer.from(JSON.stringify(content));
  return { data, size: data.length, digest: createHash('sha256').update(data).digest('hex') };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest}`;
}

function descriptor(mediaType: string, { digest, size }: Blob): object {
  return { mediaType, digest: `sha256:${digest}`, size };
}

function configOf(recipe: Recipe, layer: string): object {
  const { entrypoint, cmd, env = {}, user, workdir } = recipe;
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Entrypoint: entrypoint,
      ...(cmd && { Cmd: cmd }),
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      ...(user !== undefined && { User: user }),
      ...(workdir !== undefined && { WorkingDir: workdir }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
}

/** The entries with every directory that they are in before them. */
function withFolders(entries: readonly Entry[]): Entry[] {
  const there = new Set(
    entries.filter((e) => e.data === undefined && e.from === undefined).map((e) => e.path),
  );
  const all: Entry[] = [];
  for (const entry of entries) {
    const parts = entry.path.split('/').slice(0, -1);
    for (const [i] of parts.entries()) {
      const path = parts.slice(0, i + 1).join('/');
      if (there.has(path)) continue;
      there.add(path);
      all.push({ path });
    }
    all.push(entry);
  }
  return all;
}
