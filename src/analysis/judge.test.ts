import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { judge, type JudgeRules, type Judgement, movePassFrom, newJudgement, rehydrate } from './judge.ts';
import type { Sample, Verdict } from './sample.ts';

const SECOND = 1000;
const rules: JudgeRules = { count: 3, failureLimit: 0, intervalMs: 15 * SECOND };

function sampleOf(verdict: Verdict, at: number): Sample {
  return { at, verdict, message: `said ${verdict}`, query: 'q', tookMs: 1 };
}

/** Judges one sample every 15 s from second 0 on; P, F, I, E are the verdicts. */
function judged(
  letters: string,
  over: Partial<JudgeRules> = {},
  passFrom: number | undefined = 0,
): Judgement {
  const verdicts: Record<string, Verdict> = { P: 'Pass', F: 'Fail', I: 'Inconclusive', E: 'Error' };
  return letters
    .split('')
    .reduce(
      (judgement, letter, i) =>
        judge(
          judgement,
          sampleOf(verdicts[letter] ?? 'Error', i * 15 * SECOND),
          { ...rules, ...over },
          passFrom,
        ),
      newJudgement('1', 0),
    );
}

describe('the verdict after a row of samples', () => {
  test.each<[string, Partial<JudgeRules>, Verdict, string]>([
    ['', {}, 'Inconclusive', 'No sample yet'],
    ['PP', {}, 'Inconclusive', '2 of 3 passes in a row: said Pass'],
    ['PPP', {}, 'Pass', 'said Pass'],
    ['PPIP', {}, 'Inconclusive', '1 of 3 passes in a row: said Pass'],
    ['PPEP', {}, 'Inconclusive', '1 of 3 passes in a row: said Pass'],
    ['PPPI', {}, 'Inconclusive', 'said Inconclusive'],
    ['PPPE', {}, 'Error', 'said Error'],
    ['EEEEEEEE', {}, 'Error', 'said Error'],
    ['EI', {}, 'Inconclusive', 'said Inconclusive'],
    ['F', {}, 'Fail', 'said Fail'],
    ['FPPPP', {}, 'Fail', 'said Fail'],
    ['PPPF', {}, 'Fail', 'said Fail'],
    ['F', { failureLimit: 2 }, 'Inconclusive', '1 of 2 tolerated failures: said Fail'],
    ['FPPF', { failureLimit: 2 }, 'Inconclusive', '2 of 2 tolerated failures: said Fail'],
    ['FPPP', { failureLimit: 2 }, 'Pass', 'said Pass'],
    ['FPFPF', { failureLimit: 2 }, 'Fail', 'said Fail'],
    ['P', { count: 1 }, 'Pass', 'said Pass'],
  ])('%s with %j is %s: %s', (letters, over, verdict, message) => {
    expect(judged(letters, over)).toMatchObject({ verdict, message });
  });

  test('a Fail keeps the samples that failed it', () => {
    const failed = judged('PPF');
    expect(judged('PPFPPPIE')).toEqual(failed);
    expect(failed.recent.map((s) => s.verdict)).toEqual(['Fail', 'Pass', 'Pass']);
  });

  test('only the five newest samples are kept', () => {
    const judgement = judged('IIIIIIPE');
    expect(judgement.recent.map((s) => s.verdict)).toEqual([
      'Error',
      'Pass',
      'Inconclusive',
      'Inconclusive',
      'Inconclusive',
    ]);
    expect(judgement).toMatchObject({ sampleCount: 8, last: { verdict: 'Error' } });
  });
});

const judgedWith = (...states: (string | undefined)[]): Judgement =>
  states.reduce(
    (j, state, i) => judge(j, { ...sampleOf('Pass', i), ...(state !== undefined && { state }) }, rules, 0),
    newJudgement('1', 0),
  );

describe('the memory of a gate', () => {
  test('is what the last sample that had one has left', () => {
    expect(judgedWith(undefined).state).toBeUndefined();
    expect(judgedWith('a', 'b', undefined).state).toBe('b');
  });

  test('stands once, not in the samples as well', () => {
    const { last, recent } = judgedWith('a', 'b');
    expect([last, ...recent].filter((sample) => sample && 'state' in sample)).toEqual([]);
  });
});

describe('passes count from passFrom on', () => {
  test('a sample before it guards: it shows as Inconclusive and adds to no row', () => {
    const judgement = judged('PPPP', {}, 60 * SECOND);
    expect(judgement).toMatchObject({ verdict: 'Inconclusive', passesInARow: 0 });
    expect(judgement.message).toBe('Guarding, passes count from 1970-01-01T00:01:00.000Z: said Pass');
    expect(judgement.last?.verdict).toBe('Inconclusive');
  });

  test('a failure counts before it, too', () => {
    expect(judged('F', {}, 60 * SECOND).verdict).toBe('Fail');
  });

  test('a sample taken exactly then counts', () => {
    expect(judged('PPPPPPP', {}, 60 * SECOND)).toMatchObject({ verdict: 'Pass', rowSince: 60 * SECOND });
  });

  test('without it the gate only guards', () => {
    const judgement = [0, 1, 2, 3].reduce(
      (j, i) => judge(j, sampleOf('Pass', i), rules, undefined),
      newJudgement('1', 0),
    );
    expect(judgement).toMatchObject({
      verdict: 'Inconclusive',
      message: 'Guarding, passes do not count here: said Pass',
    });
  });

  test.each<[string, number | undefined, Verdict, number]>([
    ['moved past the row: the Pass is taken back', 1, 'Inconclusive', 0],
    ['removed: the Pass is taken back', undefined, 'Inconclusive', 0],
    ['moved before the row: the Pass stays', -5, 'Pass', 3],
  ])('%s', (_, passFrom, verdict, passesInARow) => {
    expect(movePassFrom(judged('PPP'), passFrom, 99)).toMatchObject({ verdict, passesInARow });
  });
});

describe('the timer of an undecided verdict', () => {
  test('runs on through flapping between Error and Inconclusive', () => {
    const flapping = judged('IEIEIEIE');
    expect(flapping).toMatchObject({ verdict: 'Error', since: 105 * SECOND, timerFrom: 60 * SECOND });
    expect(judged('IEIEIEIEI')).toMatchObject({
      verdict: 'Inconclusive',
      since: 120 * SECOND,
      timerFrom: 60 * SECOND,
    });
  });

  test('starts anew once the gate has passed', () => {
    expect(judged('EEPPPE')).toMatchObject({ verdict: 'Error', since: 75 * SECOND, timerFrom: 75 * SECOND });
  });
});

describe('sighted time', () => {
  test.each([
    ['PPPP', 45],
    ['PFPP', 45],
    ['PPEP', 15],
    ['PIPI', 0],
    ['EEEE', 0],
  ])('%s covers %d seconds', (letters, seconds) => {
    expect(judged(letters, { failureLimit: 9 }).coveredMs).toBe(seconds * SECOND);
  });

  test('guarding samples see, too', () => {
    expect(judged('PPP', {}, 1e9).coveredMs).toBe(30 * SECOND);
  });
});

describe('after a restart', () => {
  const at = 100 * SECOND;

  test('a Pass has to be earned again', () => {
    const back = rehydrate({ epoch: '2', verdict: 'Pass', since: 5, recent: [sampleOf('Pass', 4)] }, at);
    expect(back).toMatchObject({
      epoch: '2',
      verdict: 'Inconclusive',
      since: at,
      timerFrom: at,
      passesInARow: 0,
    });
    expect(judge(back, sampleOf('Pass', at), rules, 0).verdict).toBe('Inconclusive');
  });

  test('a Fail stays', () => {
    const back = rehydrate({ epoch: '2', verdict: 'Fail', since: 5, message: 'bad' }, at);
    expect(judge(back, sampleOf('Pass', at), rules, 0)).toMatchObject({
      verdict: 'Fail',
      since: 5,
      message: 'bad',
    });
  });

  test('failures are counted on, from the samples where no count was kept', () => {
    const recent = [sampleOf('Fail', 3), sampleOf('Pass', 2), sampleOf('Fail', 1)];
    expect(rehydrate({ epoch: '2', verdict: 'Inconclusive', since: 5, recent }, at).failures).toBe(2);
    expect(
      rehydrate({ epoch: '2', verdict: 'Inconclusive', since: 5, recent, failures: 4 }, at).failures,
    ).toBe(4);
  });

  test('what a gate has counted is kept', () => {
    expect(rehydrate({ epoch: '2', verdict: 'Inconclusive', since: 5, state: 's' }, at).state).toBe('s');
  });

  test('a deadline runs on', () => {
    const back = rehydrate({ epoch: '2', verdict: 'Error', since: 50, timerFrom: 20 }, at);
    expect(judge(back, sampleOf('Error', at), rules, 0)).toMatchObject({
      verdict: 'Error',
      since: 50,
      timerFrom: 20,
    });
  });
});

describe('whatever the samples are', () => {
  const verdict = fc.constantFrom<Verdict>('Pass', 'Fail', 'Inconclusive', 'Error');
  const step = fc.record({
    verdict,
    gap: fc.integer({ min: -20, max: 120 }),
    passFrom: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
  });
  const steps = fc.array(step, { maxLength: 40 });
  const someRules = fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    failureLimit: fc.integer({ min: 0, max: 3 }),
    intervalMs: fc.constant(15),
  });

  test('a Pass has `count` passes in a row behind it, all at or after passFrom', () => {
    fc.assert(
      fc.property(steps, someRules, (all, rules) => {
        let judgement = newJudgement('1', 0);
        const seen: Sample[] = [];
        let at = 0;
        for (const { verdict, gap, passFrom } of all) {
          at += gap;
          seen.push(sampleOf(verdict, at));
          judgement = judge(judgement, sampleOf(verdict, at), rules, passFrom);
          if (judgement.verdict !== 'Pass') continue;
          const row = seen.slice(-rules.count);
          expect(row).toHaveLength(rules.count);
          expect(row.every((s) => s.verdict === 'Pass' && passFrom !== undefined && s.at >= passFrom)).toBe(
            true,
          );
        }
      }),
    );
  });

  test('a Fail has more than failureLimit failed samples behind it; Error and Inconclusive never fail', () => {
    fc.assert(
      fc.property(steps, someRules, (all, rules) => {
        let judgement = newJudgement('1', 0);
        let failures = 0;
        for (const { verdict, gap, passFrom } of all) {
          judgement = judge(judgement, sampleOf(verdict, gap), rules, passFrom);
          failures += verdict === 'Fail' ? 1 : 0;
          expect(judgement.verdict === 'Fail').toBe(failures > rules.failureLimit);
        }
      }),
    );
  });

  test('sighted time never exceeds the time that passed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(verdict, fc.nat(100)), { maxLength: 40 }), (all) => {
        let at = 0;
        const end = all.reduce(
          (j, [v, gap]) => {
            at += gap;
            return judge(j, sampleOf(v, at), { ...rules, failureLimit: 99, intervalMs: 15 }, 0);
          },
          newJudgement('1', 0),
        );
        expect(end.coveredMs).toBeLessThanOrEqual(at);
        expect(end.timerFrom).toBeLessThanOrEqual(end.since);
      }),
    );
  });
});
