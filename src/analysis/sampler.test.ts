import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../kube/testing/manual-clock.ts';
import { type Judgement, newJudgement, rehydrate } from './judge.ts';
import type { Sample, Verdict } from './sample.ts';
import { type Probe, Sampler, type SamplerEvent, type SamplerOptions } from './sampler.ts';

const SECOND = 1000;
const rules = { count: 2, failureLimit: 0, intervalMs: 10 * SECOND };

let open: Sampler[] = [];
afterEach(async () => {
  await Promise.all(open.map(async (sampler) => sampler.stop()));
  open = [];
});

/** A sampler on a clock that stands still; every probe answers `verdict` at once unless told otherwise. */
function world(options: Partial<SamplerOptions> = {}) {
  const clock = new ManualClock();
  const changes: [string, Verdict, string][] = [];
  const events: SamplerEvent[] = [];
  const samples: { key: string; at: number; signal: AbortSignal }[] = [];
  const sampler = new Sampler({
    clock,
    onChange: (owner, judgement, key) => changes.push([owner, judgement.verdict, key]),
    observe: (event) => events.push(event),
    ...options,
  });
  open.push(sampler);
  const start = clock.now();
  const probe = (over: Partial<Probe> & { verdict?: Verdict } = {}): Probe => {
    const { verdict = 'Pass', ...rest } = over;
    const key = rest.key ?? 'a';
    return {
      key,
      owner: 'owner',
      rules,
      epoch: '1',
      passFrom: 0,
      spec: 's',
      evaluate: async (signal) => {
        samples.push({ key, at: (clock.now() - start) / SECOND, signal });
        return { at: clock.now(), verdict, message: verdict, query: 'q', tookMs: 0 };
      },
      ...rest,
    };
  };
  /** Lets `seconds` pass, a quarter of a second at a time, and what was started come to its end. */
  const pass = async (seconds: number): Promise<void> => {
    await turn();
    for (let i = 0; i < seconds * 4; i++) {
      clock.advance(SECOND / 4);
      await turn();
    }
  };
  const at = (key = 'a'): number[] => samples.filter((s) => s.key === key).map((s) => s.at);
  return { clock, sampler, probe, pass, at, changes, events, samples, start };
}

const never = async (): Promise<Sample> => new Promise(() => {});
const gaps = (times: number[]): number[] => times.slice(1).map((t, i) => t - (times[i] ?? 0));

describe('when samples are taken', () => {
  test('at once, and then on a grid that does not drift', async () => {
    const { sampler, probe, pass, at } = world();
    sampler.sync('owner', [probe({ key: 'shop/checkout|error-rate' })]);
    await pass(100);
    const times = at('shop/checkout|error-rate');
    expect(times[0]).toBe(0);
    expect(times.length).toBeGreaterThanOrEqual(10);
    expect(
      gaps(times)
        .slice(1)
        .every((gap) => Math.abs(gap - 10) < 1e-6),
    ).toBe(true);
    expect(gaps(times)[0]).toBeGreaterThanOrEqual(5);
  });

  test('exactly at passFrom, when that lies ahead', async () => {
    const { clock, sampler, probe, pass, at } = world();
    sampler.sync('owner', [probe({ passFrom: clock.now() + 23_500 })]);
    await pass(60);
    expect(at()).toContain(23.5);
    expect(sampler.judgement('a')).toMatchObject({ verdict: 'Pass', rowSince: clock.now() - 36_500 });
  });

  test('at passFrom still, when the wall clock is set back meanwhile', async () => {
    const { clock, sampler, probe, pass, samples } = world();
    const passFrom = clock.now() + 23_500;
    sampler.sync('owner', [probe({ passFrom })]);
    await pass(20);
    clock.jump(-1250);
    await pass(60);
    expect(samples.length).toBeGreaterThan(6);
    expect(sampler.judgement('a')?.rowSince).toBe(passFrom);
  });

  test('the same sync again changes nothing', async () => {
    const { sampler, probe, pass, at } = world();
    const quiet = world();
    sampler.sync('owner', [probe()]);
    quiet.sampler.sync('owner', [quiet.probe()]);
    for (let i = 0; i < 20; i++) {
      await pass(1.5);
      sampler.sync('owner', [probe()]);
      await quiet.pass(1.5);
    }
    expect(at()).toEqual(quiet.at());
  });

  test('never twice at once: a slow sample costs points of the grid, which are counted', async () => {
    const { clock, sampler, probe, pass, events } = world();
    let running = 0;
    let most = 0;
    const evaluate = async (): Promise<Sample> => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => void clock.after(24 * SECOND, resolve));
      running--;
      return { at: clock.now(), verdict: 'Pass', message: '', query: '', tookMs: 0 };
    };
    sampler.sync('owner', [probe({ evaluate })]);
    await pass(200);
    expect(most).toBe(1);
    expect(events.slice(2).every((event) => event.skipped === 2 && event.latenessMs === 0)).toBe(true);
    expect(sampler.stats().skipped).toBeGreaterThan(5);
  });

  test('a failed gate is asked no more until its epoch ends', async () => {
    const { sampler, probe, pass, at } = world();
    sampler.sync('owner', [probe({ verdict: 'Fail' })]);
    await pass(60);
    sampler.sync('owner', [probe({ verdict: 'Fail', passFrom: 5 })]);
    await pass(60);
    expect(at()).toEqual([0]);
    sampler.sync('owner', [probe({ epoch: '2' })]);
    await pass(1);
    expect(at()).toEqual([0, 120]);
  });

  test('known gates are spread after a restart, within a second', async () => {
    const { clock, sampler, probe, pass, samples } = world();
    const probes = Array.from({ length: 50 }, (_, i) =>
      probe({
        key: `key-${i}`,
        seed: rehydrate({ epoch: '1', verdict: 'Inconclusive', since: 0 }, clock.now()),
      }),
    );
    sampler.sync('owner', probes);
    await pass(1);
    expect(samples).toHaveLength(50);
    expect(new Set(samples.map((s) => s.at)).size).toBeGreaterThan(3);
  });
});

describe('what a change does', () => {
  test('a new epoch starts anew, with a sample at once', async () => {
    const { sampler, probe, pass, at, changes } = world();
    sampler.sync('owner', [probe()]);
    await pass(33);
    expect(sampler.judgement('a')).toMatchObject({ epoch: '1', verdict: 'Pass' });
    sampler.sync('owner', [probe({ epoch: '2' })]);
    expect(sampler.judgement('a')).toMatchObject({ epoch: '2', verdict: 'Inconclusive', sampleCount: 0 });
    await pass(1);
    expect(at().at(-1)).toBe(33);
    expect(changes.map(([, verdict]) => verdict)).toEqual(['Inconclusive', 'Pass', 'Inconclusive']);
  });

  test('an edited gate starts anew in the same epoch', async () => {
    const { sampler, probe, pass } = world();
    sampler.sync('owner', [probe({ verdict: 'Fail' })]);
    await pass(1);
    sampler.sync('owner', [probe({ spec: 'edited' })]);
    await pass(1);
    expect(sampler.judgement('a')).toMatchObject({ verdict: 'Inconclusive', failures: 0, sampleCount: 1 });
  });

  test('a sample started in the epoch before is cut, and counts nowhere', async () => {
    const { clock, sampler, probe, pass, at, changes } = world();
    let signal: AbortSignal | undefined;
    const late = Promise.withResolvers<Sample>();
    const evaluate: Probe['evaluate'] = async (s) => {
      signal = s;
      return late.promise;
    };
    sampler.sync('owner', [probe({ evaluate })]);
    await pass(2);
    sampler.sync('owner', [probe({ epoch: '2' })]);
    late.resolve({ at: clock.now(), verdict: 'Fail', message: '', query: '', tookMs: 0 });
    await pass(1);
    expect(signal?.aborted).toBe(true);
    expect(at()).toEqual([2]);
    expect(sampler.judgement('a')).toMatchObject({ epoch: '2', failures: 0, sampleCount: 1 });
    expect(sampler.stats().discarded).toBe(1);
    expect(changes).toHaveLength(1);
  });

  test('a Pass is taken back when passFrom moves past its samples', async () => {
    const { clock, sampler, probe, pass } = world();
    sampler.sync('owner', [probe()]);
    await pass(30);
    sampler.sync('owner', [probe({ passFrom: clock.now() + 5000 })]);
    expect(sampler.judgement('a')?.verdict).toBe('Inconclusive');
    await pass(4);
    expect(sampler.judgement('a')?.verdict).toBe('Inconclusive');
    await pass(20);
    expect(sampler.judgement('a')?.verdict).toBe('Pass');
  });

  test('a seed of another epoch is not used', () => {
    const { sampler, probe } = world();
    const seed: Judgement = { ...newJudgement('0', 0), verdict: 'Fail', failures: 3 };
    sampler.sync('owner', [probe({ seed })]);
    expect(sampler.judgement('a')).toMatchObject({ epoch: '1', verdict: 'Inconclusive', failures: 0 });
  });

  test('a seed is used once', async () => {
    const { sampler, probe, pass } = world();
    const seed: Judgement = { ...newJudgement('1', 0), failures: 1 };
    const tolerant = { ...rules, failureLimit: 2 };
    sampler.sync('owner', [probe({ seed, rules: tolerant })]);
    await pass(25);
    sampler.sync('owner', [probe({ seed, rules: tolerant })]);
    expect(sampler.judgement('a')).toMatchObject({ failures: 1, verdict: 'Pass' });
  });

  test('a probe not named any more, or of an owner forgotten, is gone', async () => {
    const { sampler, probe, pass, samples } = world();
    sampler.sync('owner', [probe(), probe({ key: 'b' })]);
    sampler.sync('other', [probe({ key: 'c', owner: 'other' })]);
    await pass(1);
    sampler.sync('owner', [probe()]);
    sampler.forget('other');
    samples.length = 0;
    await pass(30);
    expect(new Set(samples.map((s) => s.key))).toEqual(new Set(['a']));
    expect([sampler.judgement('b'), sampler.judgement('c'), sampler.stats().probes]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });

  test('a key belongs to one owner', () => {
    const { sampler, probe } = world();
    sampler.sync('owner', [probe()]);
    expect(() => sampler.sync('other', [probe({ owner: 'other' })])).toThrow('belongs to owner');
  });
});

describe('who is told', () => {
  test('nobody, while the verdict stays', async () => {
    const { sampler, probe, pass, changes, samples } = world();
    sampler.sync('owner', [probe()]);
    await pass(300);
    expect(samples.length).toBeGreaterThan(29);
    expect(changes).toEqual([
      ['owner', 'Inconclusive', 'a'],
      ['owner', 'Pass', 'a'],
    ]);
  });

  test('the owner, of each tolerated failure', async () => {
    const { sampler, probe, pass, changes } = world();
    sampler.sync('owner', [probe({ verdict: 'Fail', rules: { ...rules, failureLimit: 2 } })]);
    await pass(60);
    expect(changes.map(([, verdict]) => verdict)).toEqual(['Inconclusive', 'Inconclusive', 'Fail']);
  });
});

/** Counts its own samples in its state; every third one is an Error without any. */
const counting = (over: Partial<Probe> = {}): Partial<Probe> => ({
  evaluate: async (_, state = '0') => {
    const next = { verdict: 'Inconclusive', state: String(Number(state) + 1) } as const;
    const outcome = state === '3' ? ({ verdict: 'Error' } as const) : next;
    return Promise.resolve({ at: 0, message: '', query: '', tookMs: 0, ...outcome });
  },
  ...over,
});

describe('a gate that counts over samples', () => {
  test('goes on from what it left, and an Error leaves nothing', async () => {
    const { sampler, probe, pass } = world();
    sampler.sync('owner', [probe(counting())]);
    await pass(60);
    expect(sampler.judgement('a')).toMatchObject({ verdict: 'Error', state: '3' });
  });

  test('goes on from the seed, and begins anew in a new epoch', async () => {
    const { sampler, probe, pass } = world();
    const seed = rehydrate({ epoch: '1', verdict: 'Inconclusive', since: 0, state: '7' }, 0);
    sampler.sync('owner', [probe(counting({ seed }))]);
    await pass(2);
    expect(sampler.judgement('a')?.state).toBe('8');
    sampler.sync('owner', [probe(counting({ epoch: '2' }))]);
    await pass(0.25);
    expect(sampler.judgement('a')?.state).toBe('1');
  });

  test('its owner is told once that it counts, so that status can keep it', async () => {
    const { sampler, probe, pass, changes } = world();
    let isOpen = false;
    const evaluate: Probe['evaluate'] = async (_, state = '0') => {
      const counted = isOpen ? { state: `${state}1` } : {};
      return Promise.resolve({
        at: 0,
        verdict: 'Inconclusive',
        message: '',
        query: '',
        tookMs: 0,
        ...counted,
      });
    };
    sampler.sync('owner', [probe({ evaluate })]);
    await pass(30);
    expect(changes).toHaveLength(1);
    isOpen = true;
    await pass(60);
    expect(changes).toHaveLength(2);
  });
});

describe('whatever goes wrong in a sample is an Error', () => {
  test.each<[string, Probe['evaluate'], string]>([
    [
      'it rejects',
      async () => Promise.reject(new Error('boom\nVerdict: Pass')),
      'The gate could not be evaluated: boom Verdict: Pass',
    ],
    [
      'it throws',
      () => {
        throw new TypeError('x is undefined');
      },
      'The gate could not be evaluated: x is undefined',
    ],
    ['it hangs and does not listen', never, 'The gate could not be evaluated: no answer within 20 s'],
  ])('%s', async (_, evaluate, message) => {
    const { sampler, probe, pass } = world({ evaluateTimeoutMs: 20 * SECOND });
    sampler.sync('owner', [probe({ evaluate })]);
    await pass(25);
    expect(sampler.judgement('a')).toMatchObject({ verdict: 'Error', message });
  });
});

describe('how many are in flight', () => {
  test('at most `concurrency`, the one due first comes first', async () => {
    const { sampler, probe, pass } = world({ concurrency: 3, evaluateTimeoutMs: 4 * SECOND });
    const order: string[] = [];
    const evaluate = async (key: string): Promise<Sample> => {
      order.push(key);
      return never();
    };
    const probes = Array.from({ length: 9 }, (_, i) =>
      probe({ key: `k${i}`, evaluate: async () => evaluate(`k${i}`) }),
    );
    for (const one of probes) {
      sampler.sync(one.key, [{ ...one, owner: one.key }]);
      await pass(0.25);
      expect(sampler.stats().inFlight).toBeLessThanOrEqual(3);
    }
    await pass(8);
    expect(order.slice(0, 9)).toEqual(probes.map(({ key }) => key));
  });

  test('a lane that hangs takes its own places only', async () => {
    const { sampler, probe, pass, at, events } = world({
      concurrency: 8,
      laneConcurrency: 4,
      evaluateTimeoutMs: 60 * SECOND,
    });
    const hanging = Array.from({ length: 40 }, (_, i) =>
      probe({ key: `h${i}`, lane: 'hangs', evaluate: never }),
    );
    sampler.sync('owner', hanging);
    sampler.sync('other', [probe({ key: 'b', lane: 'works', owner: 'other' })]);
    await pass(50);
    expect(sampler.stats()).toMatchObject({ inFlight: 4, waiting: 36 });
    expect(at('b').length).toBeGreaterThanOrEqual(5);
    expect(events.filter((e) => e.lane === 'works').every((e) => e.latenessMs < SECOND)).toBe(true);
    await pass(60 * 11);
    expect(events.filter((e) => e.lane === 'hangs').length).toBeGreaterThanOrEqual(40);
  });

  test('a probe that waits in a lane and is dropped never starts', async () => {
    const { sampler, probe, pass } = world({ laneConcurrency: 1, evaluateTimeoutMs: 5 * SECOND });
    let started = 0;
    const evaluate = async (): Promise<Sample> => {
      started++;
      return never();
    };
    sampler.sync('owner', [probe({ key: 'a', evaluate }), probe({ key: 'b', evaluate })]);
    await pass(1);
    sampler.sync('owner', [probe({ key: 'a', evaluate })]);
    await pass(6);
    expect(sampler.stats()).toMatchObject({ probes: 1, waiting: 0 });
    expect(started).toBe(1);
  });

  test('stop cuts what is in flight and takes nothing more', async () => {
    const { clock, sampler, probe, changes } = world();
    sampler.sync('owner', [probe({ evaluate: never })]);
    await sampler.stop();
    expect(sampler.stats().inFlight).toBe(0);
    sampler.sync('owner', [probe({ key: 'b' })]);
    clock.advance(100 * SECOND);
    expect([changes, clock.timers]).toEqual([[], 0]);
  });
});
