import { afterAll, beforeAll, expect } from '@jest/globals';
import { ApiError } from '../harness/api.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { Place } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { Asking, QUERY, vector } from './asking.ts';
import { faultCase } from './case.ts';
import { outletsOf, textsIn, UNPRINTABLE } from './outlets.ts';

/* Text that is meant to be taken for a line of the log, or for something that Sluice says. */

const world = sharedWorld();
const { cluster } = world;
const NAMESPACE = 'hostile-text';
const FAMILY = 'Hostile input: text';

let place: Asking;
let says: LocalServer;
/** What `says` answers with, by path. */
const answers = new Map<string, { status: number; body: string }>();

beforeAll(async () => {
  [place, says] = await Promise.all([
    Asking.at(cluster, NAMESPACE),
    serve(({ url = '' }, answer) => {
      const { status = 500, body = '' } = answers.get(url.split('/')[1] ?? '') ?? {};
      answer
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body.replace('NOW', String(Date.now() / 1000)));
    }),
  ]);
});
afterAll(() => says.stop());

/** What a gate says whose server answers with what `answers` has for this name. */
function ask(name: string): Promise<string> {
  return place.ask(name, { prometheus: { ...QUERY, address: `${says.url}/${name}` } });
}

const FORGED =
  'x\n{"level":"info","time":"2026-01-01T00:00:00Z","msg":"forged"}\r\n\u001b[2J\u009b31m\u202egnp\u2028\u0000\u007f\u200f.';

/** One series of an answer, and an answer. */
const series = (metric: string, value = '"0"'): string =>
  `{"metric":{"a":${metric},${metric}:"b"},"value":[1,${value}]}`;

faultCase(
  {
    id: 'M4',
    family: FAMILY,
    injected: 'names with NUL, new lines, slashes, letters of other scripts, and fields that nobody knows',
  },
  async () => {
    const names = [
      'a\u0000b',
      'a\nb',
      'a/b',
      '../b',
      'ä',
      'а',
      'A',
      '',
      '.',
      'a'.repeat(254),
      '%2e%2e',
      'a b',
      '\u202ea',
    ];
    for (const name of names) {
      const refused = [
        () => place.apply('Promotion', name, place.orderOf('v2')),
        () => place.apply('Gate', name, { prometheus: QUERY }),
        () => place.apply('Promotion', 'odd', { ...place.orderOf('v2'), environment: name }),
        () =>
          place.apply('Promotion', 'odd', {
            ...place.orderOf('v2'),
            gates: [{ gate: name, when: 'During' }],
          }),
        () => place.apply('Environment', 'odd', { targets: [{ name, rollout: { name: 'app' } }] }),
        () => place.apply('Environment', 'odd', { targets: [{ name: 'app', rollout: { name } }] }),
        () =>
          place.apply('Environment', 'odd', {
            targets: [{ name: 'app', rollout: { name: 'app', namespace: name } }],
          }),
      ];
      for (const apply of refused) await expect(apply()).rejects.toThrow(ApiError);
    }
    // Fields that nobody knows are left out by the API server; what is left means what it says.
    const unknown = {
      revert: true,
      status: { weight: 100 },
      constructor: { name: 'x' },
      fail: undefined,
      failWhen: 'true',
    };
    const gate = { prometheus: { ...QUERY, ...unknown }, ...unknown };
    expect(await place.ask('unknown', gate)).toContain('it would begin now');
    return 7 * names.length + 1;
  },
);

faultCase(
  {
    id: 'I5',
    family: FAMILY,
    injected: 'new lines, colours, NUL and text that runs backwards, in whatever is quoted',
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
      body: `{"status":"success","warnings":[${json}],"data":{"resultType":"scalar","result":[NOW,"1"]}}`,
    });
    await held.promote('v2');
    const { metadata } = await held.untilReason('held-v2', 'Analysing');
    const promotion = { name: 'held-v2', uid: metadata.uid };
    for (const verdict of ['Hold', 'Abort']) {
      await place.apply('Decision', `forged-${verdict.toLowerCase()}`, {
        by: 'admin',
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
