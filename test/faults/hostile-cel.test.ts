import { afterAll, beforeAll, expect } from '@jest/globals';
import { ERROR_RATE, imageFor, Place, sluicePath } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';
import { Asking } from './asking.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';
import { MetricsProxy } from './metrics-proxy.ts';

/* Conditions that are written to keep the one thread of the operator busy. */

const { cluster, prometheus } = sharedWorld();
const NAMESPACE = 'hostile-cel';
const FAMILY = 'Hostile input: conditions';

let place: Asking;
/** Before the real Prometheus: what arrives there is on record. */
let proxy: MetricsProxy;

beforeAll(async () => {
  [place, proxy] = await Promise.all([Asking.at(cluster, NAMESPACE), new MetricsProxy(prometheus.url).up()]);
});
afterAll(() => proxy.down());

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
  },
  async () => {
    // Somebody else's release, judged every second by a gate that has not decided yet.
    const other = await new Place(cluster.api, NAMESPACE, 'other').prepare({
      gate: { ...ERROR_RATE, count: 3, prometheus: { ...ERROR_RATE.prometheus, address: proxy.url } },
    });
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
    asked('S1', 'L1');
    await other.untilEnded('other-v2');
    expect((await other.pods())[imageFor('other', 'v2')]).toBe(5);
    expect(proxy.queries.filter(isOther).length).toBeGreaterThan(before + 6);
    expect((await place.pods())[imageFor('app', 'v4')]).toBeUndefined();
    return BOMBS.length;
  },
);
