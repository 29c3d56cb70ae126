import { celEnv, CelScalar, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/* What the API server checks by the schema of the CRD and zod does not: unknown fields, keys of lists, CEL rules. */

/** A node of a structural schema, as `structuralSchema` makes it. */
export interface Node {
  type?: string;
  properties?: Readonly<Record<string, Node>>;
  items?: Node;
  'x-kubernetes-validations'?: readonly { rule: string; message: string }[];
  'x-kubernetes-list-map-keys'?: readonly string[];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that the schema does not know, which the API server would drop or refuse; as `spec.x`. */
export function unknownFields(node: Node, value: unknown, path: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item, i) => (node.items ? unknownFields(node.items, item, `${path}[${i}]`) : []));
  if (!isMap(value) || !node.properties) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const known = Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[key] : undefined;
    return known ? unknownFields(known, child, `${path}.${key}`) : [`${path}.${key}`];
  });
}

/** What a rule or a list says of a value that has its defaults, each with its place. */
export function brokenRules(node: Node, value: unknown, path: string): { path: string; message: string }[] {
  if (value === undefined) return [];
  const own = (node['x-kubernetes-validations'] ?? [])
    // What may not change from one version to the next is nothing that one version shows.
    .filter(({ rule }) => !rule.includes('oldSelf') && !holds(rule, toCel(node, value)))
    .map(({ message }) => ({ path, message }));
  if (Array.isArray(value)) {
    const items = value.flatMap((item, i) =>
      node.items ? brokenRules(node.items, item, `${path}[${i}]`) : [],
    );
    return [...own, ...repeated(node, value, path), ...items];
  }
  if (!isMap(value)) return own;
  const members = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    brokenRules(child, value[key], `${path}.${key}`),
  );
  return [...own, ...members];
}

function repeated(node: Node, list: readonly unknown[], path: string): { path: string; message: string }[] {
  const keys = node['x-kubernetes-list-map-keys'];
  if (!keys) return [];
  const seen = new Set<string>();
  return list.flatMap((item, i) => {
    const key = JSON.stringify(keys.map((k) => (isMap(item) ? item[k] : undefined)));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew ? [] : [{ path: `${path}[${i}]`, message: `the same ${keys.join(' and ')} once more` }];
  });
}

const env = celEnv({ variables: { self: CelScalar.DYN }, funcs: strings });
const compile = (rule: string) => plan(env, parse(rule));
const plans = new Map<string, ReturnType<typeof compile>>();

/** Whether a rule holds. @throws Error for one that cannot be evaluated, which is a mistake of ours */
function holds(rule: string, self: unknown): boolean {
  const compiled = plans.get(rule) ?? compile(rule);
  plans.set(rule, compiled);
  const result = compiled({ self: self as never });
  if (isCelError(result)) throw new Error(`rule ${rule}: ${result.message}`);
  return result === true;
}

/** A value as CEL in the API server has it: objects are maps, whole numbers of an integer field are ints. */
function toCel(node: Node | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => toCel(node?.items, item));
  if (isMap(value))
    return new Map(
      Object.entries(value)
        .filter(([, child]) => child !== undefined)
        .map(([key, child]) => [key, toCel(node?.properties?.[key], child)]),
    );
  return typeof value === 'number' && node?.type === 'integer' ? BigInt(value) : value;
}
