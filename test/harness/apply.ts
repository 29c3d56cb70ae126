import { existsSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { type Api, ApiError, type KubeObject } from './api.ts';
import { until } from './until.ts';

/** How an object is applied. */
export interface ApplyOptions {
  /** Owner of the applied fields. */
  fieldManager?: string;
  /** Take fields over from other owners; true unless given. */
  force?: boolean;
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/**
 * The path of an object, found by discovery. A kind that is not known yet is waited for, because a
 * CustomResourceDefinition applied just before takes a moment to be served.
 * @throws UntilTimeout when the kind is still unknown after 10 s.
 */
export async function pathOf(api: Api, object: KubeObject): Promise<string> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const resource = await until(
    `${apiVersion} ${kind} is served`,
    async () => (await resourcesOf(api, root)).find((r) => r.kind === kind && !r.name.includes('/')),
    { timeoutMs: 10_000 },
  );
  const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${root}${namespace}/${resource.name}/${metadata.name}`;
}

async function resourcesOf(api: Api, root: string): Promise<ResourceList['resources']> {
  try {
    return (await api.get<ResourceList>(root)).resources;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/**
 * Server-side apply of one object.
 * @throws ApiError as the API server answers, for example 422 for a schema or CEL rule, 409 for a conflict.
 */
export async function apply<T extends KubeObject>(
  api: Api,
  object: T,
  options: ApplyOptions = {},
): Promise<T> {
  const { fieldManager = 'harness', force = true } = options;
  const query = new URLSearchParams({ fieldManager, force: String(force), fieldValidation: 'Strict' });
  const path = `${await pathOf(api, object)}?${query.toString()}`;
  return api.send<T>('PATCH', path, { body: object, contentType: 'application/apply-patch+yaml' });
}

/** Server-side apply of every document of a YAML text, or of the file at that path, one after another. */
export async function applyYaml(
  api: Api,
  textOrPath: string,
  options: ApplyOptions = {},
): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  for (const object of parseYaml(textOrPath)) applied.push(await apply(api, object, options));
  return applied;
}

/** The objects in a YAML text, or in the file at that path. */
export function parseYaml(textOrPath: string): KubeObject[] {
  const isPath = !textOrPath.includes('\n') && existsSync(textOrPath);
  const text = isPath ? readFileSync(textOrPath, 'utf8') : textOrPath;
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      const object: KubeObject | null = document.toJS();
      return object;
    })
    .filter((object) => object !== null);
}
