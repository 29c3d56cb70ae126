import { afterAll, beforeAll, expect } from '@jest/globals';
import { type LocalServer, serve } from '../harness/http.ts';
import { ERROR_RATE, imageFor, Place, sluicePath } from '../harness/promotions.ts';
import { queryPrometheus } from '../harness/prometheus.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { Asking, QUERY } from './asking.ts';
import { faultCase } from './case.ts';
import { MetricsProxy } from './metrics-proxy.ts';
import { outletsOf, textsIn, UNPRINTABLE } from './outlets.ts';

/* Text that is meant to be taken for something else: for a query, a line of the log, code. */

const world = sharedWorld();
const { cluster, controls, prometheus } = world;
const NAMESPACE = 'hostile-text';
const FAMILY = 'Hostile input: text';

let place: Asking;
/** Before the real Prometheus: what arrives there is on record. */
let proxy: MetricsProxy;
let says: LocalServer;
/** What `says` answers with, by path. */
const answers = new Map<string, { status: number; body: string }>();

beforeAll(async () => {
  [place, proxy, says] = await Promise.all([
    Asking.at(cluster, NAMESPACE),
    new MetricsProxy(prometheus.url).up(),
    serve(({ url = '' }, answer) => {
      const { status = 500, body = '' } = answers.get(url.split('/')[1] ?? '') ?? {};
      answer.writeHead(status, { 'content-type': 'application/json' }).end(body);
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
    laws: ['S1', 'S7'],
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
    laws: ['S1'],
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
    laws: ['S1', 'S7'],
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
    expect(proxy.queries).toHaveLength(before);
    return values.length;
  },
);

faultCase(
  {
    id: 'M6',
    family: FAMILY,
    injected: '`__proto__`, `constructor` and the like as arguments, labels, annotations and in answers',
    laws: ['S7', 'L1'],
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
    for (const name of names) {
      const lacking = {
        prometheus: { ...QUERY, query: `vector(0) + on() group_left() x{y="{{ args.${name} }}"}` },
      };
      const said = await place.ask(`lacking-${name.replaceAll('_', '').toLowerCase()}`, lacking);
      expect(said).toContain(`There is no argument for {{ args.${name} }}`);
    }
    const keys = '"__proto__":"p","constructor":"c","toString":"t"';
    const one = `{"metric":{${keys}},"value":[1,"0"]}`;
    answers.set('proto-two', { status: 200, body: `{"status":"success",${vector(one, one)}}` });
    answers.set('proto-one', {
      status: 200,
      body: `{"__proto__":{"status":"error"},"status":"success",${vector(one)}}`,
    });
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

const FORGED =
  'x\n{"level":"info","time":"2026-01-01T00:00:00Z","msg":"forged"}\r\n\u001b[2J\u009b31m\u202egnp\u2028\u0000\u007f\u200f.';

/** One series of an answer, and an answer. */
const series = (metric: string, value = '"0"'): string =>
  `{"metric":{"a":${metric},${metric}:"b"},"value":[1,${value}]}`;
const vector = (...result: string[]): string =>
  `"data":{"resultType":"vector","result":[${result.join(',')}]}`;

faultCase(
  {
    id: 'I5',
    family: FAMILY,
    injected: 'new lines, colours, NUL and text that runs backwards, in whatever is quoted',
    laws: ['S6'],
  },
  async () => {
    const json = JSON.stringify(FORGED);
    const refusal = `{"status":"error","errorType":${json},"error":${json}}`;
    answers.set('forged-400', { status: 400, body: refusal });
    answers.set('forged-500', { status: 500, body: refusal });
    answers.set('forged-labels', {
      status: 200,
      body: `{"status":"success",${vector(series(json), series(json))}}`,
    });
    answers.set('forged-value', { status: 200, body: `{"status":"success",${vector(series(json, json))}}` });
    answers.set('forged-warning', {
      status: 200,
      body: `{"status":"success","warnings":[${json}],${vector(series(json))}}`,
    });
    for (const name of answers.keys()) if (name.startsWith('forged')) await ask(name);
    await place.ask('forged-query', { prometheus: { query: `sum(${FORGED}`, pass: 'true' } });
    await place.ask('forged-cel', { prometheus: { query: 'vector(0)', pass: `value == ${FORGED}` } });
    await place.ask('forged-var', { prometheus: { query: `x{a="{{ ${FORGED} }}"}`, pass: 'true' } });

    // One in flight, under a gate that warns, held and aborted by somebody with such a name.
    const held = await new Place(cluster.api, NAMESPACE, 'held').prepare({
      gate: {
        prometheus: {
          query: 'vector(1)',
          pass: 'value > 1.0',
          fail: 'value < 1.0',
          address: `${says.url}/forged-hold`,
        },
        intervalSeconds: 1,
      },
    });
    answers.set('forged-hold', {
      status: 200,
      body: `{"status":"success","warnings":[${json}],"data":{"resultType":"scalar","result":[1,"1"]}}`,
    });
    await held.promote('v2');
    const { metadata } = await held.untilReason('held-v2', 'Analysing');
    const promotion = { name: 'held-v2', uid: metadata.uid };
    for (const verdict of ['Hold', 'Abort']) {
      await place.apply('Decision', `forged-${verdict.toLowerCase()}`, {
        by: FORGED,
        verdict,
        environment: 'held',
        promotion,
        reason: FORGED,
        ticket: FORGED,
      });
      if (verdict === 'Hold') await held.untilReason('held-v2', 'HeldByPerson');
    }
    await held.untilEnded('held-v2');
    // Images that were changed behind its back, and phases in the words of somebody else.
    await place.promote('v3');
    await place.untilEnded('app-v3');
    await place.setImage(`registry.test/app:v9${FORGED}`);
    await until('the drift is seen', async (seen) => {
      const { status } = await place.environment();
      seen(status);
      return status?.conditions?.some(({ type }) => type === 'Drifted');
    });

    const { statuses, events, log, metrics } = await outletsOf(world, NAMESPACE);
    // As their authors wrote them: the query and the condition of a gate, and the arguments of a plan.
    const texts = textsIn([statuses, events], ['query', 'threshold', 'args']);
    expect(texts.filter((text) => text.includes('forged'))).not.toEqual([]);
    expect(texts.filter((text) => UNPRINTABLE.test(text))).toEqual([]);
    for (const line of log) {
      const record: { level?: unknown; time?: unknown; msg?: unknown } = JSON.parse(line);
      expect(record).toMatchObject({ level: expect.any(String), time: expect.any(String) });
      expect(record.msg).not.toBe('forged');
      expect(line).not.toMatch(UNPRINTABLE);
    }
    expect(log.filter((line) => line.includes('forged'))).not.toEqual([]);
    expect(metrics).not.toContain('forged');
    return texts.filter((text) => text.includes('forged')).length;
  },
);

const BOMBS: [name: string, pass: string][] = [
  ['open-round', '('.repeat(1024)],
  ['open-square', '['.repeat(1024)],
  ['open-curly', '{'.repeat(500)],
  ['open-minus', '(-'.repeat(512)],
  ['closed', `${'('.repeat(500)}true${')'.repeat(500)}`],
  ['in-strings', '(")"+'.repeat(200)],
  ['doubling', `["x"]${'.map(x, x + x)'.repeat(22)}.size() > 0`],
  ['nested', `${'[1,2,3,4,5,6,7,8,9].all(a, '.repeat(20)}true${')'.repeat(20)}`],
  ['wide', `[${'0,'.repeat(400)}0].all(a, a + a + a + a + a + a == 0)`],
  ['regex', '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("^(a+)+$")'],
  ['regex-repeat', '"a".matches("(((a{1,100}){1,100}){1,100}){1,100}")'],
  ['ternaries', `${'true ? '.repeat(70)}true${' : true'.repeat(70)}`],
];

const isOther = (query: string): boolean => query.includes('rollouts_pod_template_hash');

faultCase(
  {
    id: 'M7',
    family: FAMILY,
    injected: 'CEL bombs and regular expressions that never end, asked every second',
    laws: ['S1', 'S7', 'L1'],
  },
  async () => {
    // Somebody else's release, judged every second by a gate that has not decided yet.
    const other = await new Place(cluster.api, NAMESPACE, 'other').prepare({
      gate: { ...ERROR_RATE, count: 12, prometheus: { ...ERROR_RATE.prometheus, address: proxy.url } },
    });
    await controls.behave(imageFor('other', 'v2'), { errorRate: 0 });
    await other.promote('v2');
    await other.untilReason('other-v2', 'Analysing');
    const before = proxy.queries.filter(isOther).length;
    const said = await Promise.all(
      BOMBS.map(async ([name, pass]) => {
        await place.apply('Gate', `bomb-${name}`, {
          prometheus: { query: 'vector(0)', pass },
          intervalSeconds: 1,
        });
        await place.apply('Promotion', `bomb-${name}`, {
          ...place.orderOf('v4'),
          gates: [{ gate: `bomb-${name}`, when: 'Before' }],
        });
        return until(`gate bomb-${name} is judged`, async (seen) => {
          const { status } = await cluster.api.get<{
            status?: { conditions?: { status: string; message: string }[] };
          }>(sluicePath(NAMESPACE, 'gates', `bomb-${name}`));
          seen(status);
          const [ready] = status?.conditions ?? [];
          return ready && `${ready.status}: ${ready.message}`;
        });
      }),
    );
    for (const message of said)
      expect(message).toMatch(/^False: pass: (The expression (is refused|has)|Syntax error)/);
    // All of them are asked again and again meanwhile, and the other release still goes all the way.
    await other.untilEnded('other-v2');
    expect((await other.pods())[imageFor('other', 'v2')]).toBe(5);
    expect(proxy.queries.filter(isOther).length).toBeGreaterThan(before + 12);
    expect((await place.pods())[imageFor('app', 'v4')]).toBeUndefined();
    return BOMBS.length;
  },
);
