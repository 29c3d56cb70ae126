/** Labels by which a query tells one promotion from another: the stand-in answers for each of their values. */
const TELLING = new Set(['app', 'rollout', 'promotion', 'rollouts_pod_template_hash', 'run']);

/** What a PromQL query asks for, as far as the stand-in cares. */
export interface Asked {
  /** The telling label; undefined where the text has none. */
  label: string | undefined;
  /** Its values, each once, in the order of the text. */
  values: string[];
  /** Each value is to be answered by a series of its own that carries the label. */
  byLabel: boolean;
}

const MATCHER = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|=)\s*"((?:[^"\\]|\\.)*)"/g;
const GROUPING = /\bby\s*\(([^)]*)\)/g;

/**
 * Reads the values of the telling label out of a query: one from `app="a"`, several from a batched
 * `app=~"a|b|c"`, which asks for one series a value when the query groups by that label.
 */
export function asked(query: string): Asked {
  const values = new Set<string>();
  let label: string | undefined;
  let several = false;
  for (const [, name = '', operator, text = ''] of query.matchAll(MATCHER)) {
    if (!TELLING.has(name) || (label !== undefined && name !== label)) continue;
    label = name;
    if (operator === '=~') several = true;
    const alternatives = operator === '=~' ? plain(text).split('|') : [text];
    for (const value of alternatives) values.add(value.replaceAll(/\\+(.)/g, '$1'));
  }
  const grouped = [...query.matchAll(GROUPING)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  );
  return { label, values: [...values], byLabel: several && label !== undefined && grouped.includes(label) };
}

/** The alternatives of a regular expression that may stand in one group: `^(?:a|b)$`. */
function plain(expression: string): string {
  return expression.replace(/^\^?\(?(?:\?:)?/, '').replace(/\)?\$?$/, '');
}
