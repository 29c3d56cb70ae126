import {
  failureLimit,
  inARow,
  type Look,
  looksOf,
  LOOK_SECONDS,
  type Release,
  type Rule,
  seeded,
  sequentialRule,
  tally,
  thresholdRule,
} from '../../src/analysis/testing/releases.ts';
import { advance, begin, type State } from '../../src/gates/compare/state.ts';
import { outcomeOf } from '../../src/gates/compare/verdict.ts';
import { compareSpec } from '../../src/api/v1alpha1/gate.ts';
import { table } from './table.ts';

/*
 * `make bench-compare`: what the gate `compare` and fixed limits do to good and bad releases, in simulation. Ten
 * minutes each; the canary has 10 % of the traffic, and stable fails 0.5 % of its requests. SEED and RUNS may be
 * set; the same seed gives the same table.
 */

const SEED = Number(process.env['SEED'] ?? 1);
const RUNS = Number(process.env['RUNS'] ?? 4000);
const STABLE_RATE = 0.005;
const ALPHA = 0.01;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

const show = (rows: readonly (readonly string[])[]): void => say(`${table(rows)}\n`);

const percent = (share: number): string => `${(share * 100).toFixed(share > 0.1 || share === 0 ? 0 : 1)} %`;

function play(release: Omit<Release, 'stableRate'>, runs = RUNS): Look[][] {
  const random = seeded(SEED);
  return Array.from({ length: runs }, () => looksOf({ stableRate: STABLE_RATE, ...release }, random));
}

/** `share aborted / median seconds`. */
function cell(rule: Rule, releases: readonly (readonly Look[])[]): string {
  const { aborted, medianSeconds } = tally(rule, releases);
  return medianSeconds === undefined ? percent(aborted) : `${percent(aborted)} / ${medianSeconds}`;
}

const RULES: [string, Rule][] = [
  ['1 % a minute, failureLimit 0', thresholdRule(0.01, failureLimit(0))],
  ['1 % a minute, failureLimit 2', thresholdRule(0.01, failureLimit(2))],
  ['1 % a minute, 3 in a row', thresholdRule(0.01, inARow(3))],
  ['compare, margin 1', sequentialRule(ALPHA, 1)],
  ['compare, margin 1.2', sequentialRule(ALPHA, 1.2)],
];

function limitsBesideTheTest(): void {
  const rates = [0.005, 0.01, 0.02, 0.05, 0.2];
  const rows = [1, 5, 25].flatMap((canaryPerSecond) => {
    const releases = rates.map((canaryRate) => play({ canaryPerSecond, canaryRate }));
    return RULES.map(([name, rule]) => [
      `${canaryPerSecond}/s`,
      name,
      ...releases.map((played) => cell(rule, played)),
    ]);
  });
  say(`Share of releases aborted / median seconds until then; ${RUNS} runs of each, alpha ${ALPHA}`);
  show([
    ['canary', 'rule', ...rates.map((r) => `fails ${r * 100} %${r === STABLE_RATE ? ' (good)' : ''}`)],
    ...rows,
  ]);
}

function robustness(): void {
  const sorts: [string, Omit<Release, 'stableRate' | 'canaryPerSecond'>][] = [
    ['equal', { canaryRate: STABLE_RATE }],
    ['shared noise', { canaryRate: STABLE_RATE, noise: { on: 'both', logSd: 0.7 } }],
    ['own noise', { canaryRate: STABLE_RATE, noise: { on: 'canary', logSd: 0.5 } }],
    ['x 1.1', { canaryRate: STABLE_RATE * 1.1 }],
    ['x 2', { canaryRate: STABLE_RATE * 2 }],
    ['x 4', { canaryRate: STABLE_RATE * 4 }],
  ];
  const rows = [5, 25, 250].flatMap((canaryPerSecond) => {
    const releases = sorts.map(([, sort]) => play({ canaryPerSecond, ...sort }));
    return [1, 1.2, 1.5].map((margin) => [
      `${canaryPerSecond}/s`,
      String(margin),
      ...releases.map((played) => cell(sequentialRule(ALPHA, margin), played)),
    ]);
  });
  say(
    'The same under noise: shared, both rates jump together at each look (log-sd 0.7); own, only the canary’s (0.5)',
  );
  show([['canary', 'margin', ...sorts.map(([name]) => name)], ...rows]);
}

/** What the gate itself says first, with `count: 3`: its own state and verdict, look by look. */
function firstWord(
  looks: readonly Look[],
  atLeast: number,
): { verdict: 'Pass' | 'Fail' | 'none'; seconds: number } {
  const none = { bad: 0, total: 0 };
  const query = { bad: 'b', total: 't' };
  const spec = compareSpec.parse({ canary: query, stable: query, minSamples: { atLeast } });
  let at: Look = { canary: none, stable: none };
  let state: State = begin(at, 0);
  let passes = 0;
  for (const [i, { canary, stable }] of looks.entries()) {
    at = {
      canary: { bad: at.canary.bad + canary.bad, total: at.canary.total + canary.total },
      stable: { bad: at.stable.bad + stable.bad, total: at.stable.total + stable.total },
    };
    state = advance(state, at, spec.margin);
    const { verdict } = outcomeOf(spec, state);
    const seconds = (i + 1) * LOOK_SECONDS;
    if (verdict === 'Fail') return { verdict, seconds };
    passes = verdict === 'Pass' ? passes + 1 : 0;
    if (passes === 3) return { verdict: 'Pass', seconds };
  }
  return { verdict: 'none', seconds: 0 };
}

function passing(): void {
  const rows = (
    [
      [1, 150],
      [5, 500],
      [25, 1000],
    ] as const
  ).flatMap(([canaryPerSecond, atLeast]) =>
    [1, 2, 4, 10].map((times) => {
      const words = play({ canaryPerSecond, canaryRate: STABLE_RATE * times }).map((r) =>
        firstWord(r, atLeast),
      );
      const share = (verdict: string): string =>
        percent(words.filter((w) => w.verdict === verdict).length / words.length);
      return [
        `${canaryPerSecond}/s`,
        String(atLeast),
        `x ${times}`,
        share('Pass'),
        share('Fail'),
        share('none'),
      ];
    }),
  );
  say('What the gate (margin 1.2, count 3) says first, within ten minutes, by minSamples.atLeast');
  show([['canary', 'atLeast', 'canary fails', 'Pass', 'Fail', 'goes on'], ...rows]);
}

const started = performance.now();
say(
  `Sequential comparison in simulation: seed ${SEED}, stable fails ${STABLE_RATE * 100} %, looks every ${LOOK_SECONDS} s\n`,
);
limitsBesideTheTest();
robustness();
passing();
say(`${((performance.now() - started) / 1000).toFixed(1)} s on Node ${process.version}`);
