import { afterAll, beforeAll, expect } from '@jest/globals';
import { type LocalServer, serve } from '../harness/http.ts';
import { sluicePath } from '../harness/promotions.ts';
import { queryPrometheus } from '../harness/prometheus.ts';
import { sharedWorld } from '../harness/shared.ts';
import { Asking, QUERY, vector } from './asking.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';
import { MetricsProxy } from './metrics-proxy.ts';

/* Text that is meant to be taken for a part of a query. */

const { cluster, prometheus } = sharedWorld();
const NAMESPACE = 'hostile-queries';
const FAMILY = 'Hostile input: queries';

let place: Asking;
/** Before the real Prometheus: what arrives there is on record. */
let proxy: MetricsProxy;
let says: LocalServer;
/** What `says` answers with, by path. */
const answers = new Map<string, string>();

beforeAll(async () => {
  [place, proxy, says] = await Promise.all([
    Asking.at(cluster, NAMESPACE),
    new MetricsProxy(prometheus.url).up(),
    serve(({ url = '' }, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' }).end(answers.get(url.split('/')[1] ?? ''));
    }),
  ]);
});
afterAll(async () => {
  await proxy.down();
  await says.stop();
});

/** A query that gives back what stands in it, as labels of one series. */
const echo = (texts: readonly string[]): string =>
  `sum by (${texts.map((_, i) => `got${i}`).join(', ')}) (${texts.reduce(
    (inner, text, i) => `label_join(${inner}, "got${i}", "${text}", "no", "nope")`,
    'vector(0)',
  )})`;

/** What the newest query that arrived means to the real Prometheus. */
async function understood(count: number): Promise<string[]> {
  const [series, ...more] = await queryPrometheus(prometheus.url, proxy.queries.at(-1) ?? '');
  expect(more).toEqual([]);
  expect(series?.value).toBe(0);
  return Array.from({ length: count }, (_, i) => series?.metric[`got${i}`] ?? '');
}

const NASTY = [
  '"} or vector(1) #',
  '\\',
  '\\"',
  '\'`"',
  'a\nb\r\tc',
  'nul\u0000',
  '{{ args.a0 }}',
  '$1${got0}',
  '\u202eesrever\u2066',
  '\\u0022}',
  '\\x22} or vector(1)',
  '\\'.repeat(255),
  '😀é\u0085\u2028',
  '", "", "")) or vector(1) or sum(label_join(up, "x", "',
  '# all the rest is silence',
];

faultCase(
  {
    id: 'I1a',
    family: FAMILY,
    injected: 'arguments that try to leave their string in a query',
  },
  async () => {
    const args = NASTY.map((value, i) => ({ name: `a${i}`, value }));
    const query = echo(args.map(({ name }) => `{{ args.${name} }}`));
    const gate = { prometheus: { ...QUERY, query, address: proxy.url } };
    expect(await place.ask('args', gate, { args })).toContain('it would begin now');
    expect(await understood(args.length)).toEqual(NASTY);
    return args.length;
  },
);

faultCase(
  {
    id: 'I1b',
    family: FAMILY,
    injected: 'every variable that is not an argument, in one query, under names as odd as names may be',
  },
  async () => {
    const environment = 'a.b-c.0-1.x';
    await place.apply('Environment', environment, {
      targets: [{ name: '0--1', rollout: { name: place.app }, images: [image(place.app)] }],
    });
    const names = [
      'targetNamespace',
      'rollout',
      'target',
      'environment',
      'promotion',
      'canaryHash',
      'stableHash',
      'weight',
      'stepSeconds',
    ];
    const query = echo(names.map((name) => `{{ ${name} }}`));
    await place.apply('Gate', 'names', { prometheus: { ...QUERY, query, address: proxy.url } });
    await place.apply('Promotion', 'x.y-z.0', {
      environment,
      dryRun: true,
      revision: { images: [{ image: `registry.test/${place.app}`, tag: 'v2' }] },
      gates: [{ gate: 'names', when: 'During' }],
    });
    await place.untilEnded('x.y-z.0');
    const { stableRS = '' } = (await place.rollout()).status ?? {};
    expect(await understood(names.length)).toEqual([
      NAMESPACE,
      place.app,
      '0--1',
      environment,
      'x.y-z.0',
      stableRS,
      stableRS,
      '0',
      '60',
    ]);
    return names.length;
  },
);

const image = (app: string) => ({ image: `registry.test/${app}`, container: 'app' });

faultCase(
  {
    id: 'I1c',
    family: FAMILY,
    injected: 'arguments that stand outside of a string, and no number or duration',
  },
  async () => {
    const before = proxy.queries.length;
    const values = [
      '0) or vector(1',
      '1m] or up[1m',
      '1m:1s',
      '0x10',
      '1e9',
      '-',
      '',
      ' ',
      '1\n',
      '１',
      '1m offset 1d',
      '{{ weight }}',
    ];
    for (const [i, value] of values.entries()) {
      const gate = { prometheus: { ...QUERY, query: 'vector({{ args.n }})', address: proxy.url } };
      const said = await place.ask(`open-${i}`, gate, { args: [{ name: 'n', value }] });
      expect(said).toContain('{{ args.n }} stands outside of a string and is no number or duration');
    }
    asked('S7');
    expect(proxy.queries).toHaveLength(before);
    return values.length;
  },
);

faultCase(
  {
    id: 'M6',
    family: FAMILY,
    injected: '`__proto__`, `constructor` and the like as arguments, labels, annotations and in answers',
  },
  async () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
    const query = echo(names.map((name) => `{{ args.${name} }}`));
    const pass = names.map((name) => `args.${name} == "v-${name}"`).join(' && ');
    const gate = { prometheus: { query, pass, address: proxy.url } };
    const args = names.map((name) => ({ name, value: `v-${name}` }));
    expect(await place.ask('proto', gate, { args })).toContain('it would begin now');
    expect(await understood(names.length)).toEqual(args.map(({ value }) => value));
    // What nobody gave is not there, whatever every object has.
    asked('S7');
    for (const name of names) {
      const lacking = {
        prometheus: { ...QUERY, query: `vector(0) + on() group_left() x{y="{{ args.${name} }}"}` },
      };
      const said = await place.ask(`lacking-${name.replaceAll('_', '').toLowerCase()}`, lacking);
      expect(said).toContain(`There is no argument for {{ args.${name} }}`);
    }
    const keys = '"__proto__":"p","constructor":"c","toString":"t"';
    const one = `{"metric":{${keys}},"value":[1,"0"]}`;
    answers.set('proto-two', `{"status":"success",${vector(one, one)}}`);
    answers.set('proto-one', `{"__proto__":{"status":"error"},"status":"success",${vector(one)}}`);
    expect(await ask('proto-two')).toContain('returned 2 series, need one');
    expect(await ask('proto-one')).toContain('it would begin now');
    const marked = { constructor: 'x', 'sluice.dev/constructor': 'y' };
    await cluster.api.patch(sluicePath(NAMESPACE, 'gates', 'proto'), {
      metadata: { labels: marked, annotations: marked },
    });
    expect(await place.ask('proto', gate, { args, again: 'marked' })).toContain('it would begin now');
    return 3 * names.length + 3;
  },
);

/** What a gate says whose server answers with what `answers` has for this name. */
function ask(name: string): Promise<string> {
  return place.ask(name, { prometheus: { ...QUERY, address: `${says.url}/${name}` } });
}
