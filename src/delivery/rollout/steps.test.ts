import { describe, expect, test } from '@jest/globals';
import { pauseIndices, stepProblems, weightAt } from './steps.ts';

const pause = { pause: {} };
const rise = (setWeight: number) => ({ setWeight });

describe('steps that gates can judge', () => {
  test.each([
    ['a pause after each rise', [rise(20), pause, rise(60), pause]],
    ['a last rise to 100', [rise(20), pause, rise(100)]],
    ['a lower weight before the pause', [rise(50), rise(20), pause]],
    ['other kinds of steps between', [rise(20), { setCanaryScale: { replicas: 1 } }, pause]],
    ['a pause before any weight', [pause, rise(20), pause]],
  ])('%s', (_, steps) => {
    expect(stepProblems(steps)).toEqual([]);
  });
});

describe('steps that gates cannot judge, each with its fix', () => {
  test.each([
    ['no step at all', [], 'add one after each setWeight'],
    ['no pause', [rise(20), rise(100)], 'add one after each setWeight'],
    ['a pause that ends by itself', [rise(20), { pause: { duration: '10m' } }, pause], 'make it `pause: {}`'],
    [
      'a pause of zero, which ends at once',
      [rise(20), { pause: { duration: 0 } }, pause],
      'make it `pause: {}`',
    ],
    ['two rises without a pause between', [rise(20), rise(40), pause], 'steps 0 and 1 raise the weight'],
    ['a rise after the last pause', [rise(20), pause, rise(60)], 'raises the weight to 60 after the last'],
  ])('%s', (_, steps, says) => {
    expect(stepProblems(steps).join('\n')).toContain(says);
  });
});

describe('where a canary stands', () => {
  const steps = [rise(20), pause, rise(60), pause];
  test.each([
    [0, 20],
    [1, 20],
    [2, 60],
    [3, 60],
    [4, 100],
  ])('at step %i the weight is %i', (index, weight) => {
    expect(weightAt(steps, index)).toBe(weight);
  });

  test('it waits for us at pauses without a duration only', () => {
    expect(pauseIndices([...steps, { pause: { duration: 5 } }])).toEqual([1, 3]);
  });
});
