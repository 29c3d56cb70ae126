import { expect, test } from '@jest/globals';
import { RetryError, SluiceError, TerminalError, WaitError } from './errors.ts';

const cause = new Error('ECONNRESET');

test.each([
  [
    new RetryError('Busy', { retryAfterMs: 5, cause }),
    { name: 'RetryError', code: 'Retry', retryAfterMs: 5, cause },
  ],
  [new WaitError(7), { name: 'WaitError', code: 'Wait', message: 'Waiting', untilMs: 7 }],
  [
    new TerminalError('InvalidSpec', 'The spec names no target', { cause }),
    {
      name: 'TerminalError',
      code: 'Terminal',
      reason: 'InvalidSpec',
      message: 'The spec names no target',
      cause,
    },
  ],
  [new TerminalError('InvalidSpec'), { message: 'InvalidSpec' }],
])('%s carries a stable code and what is needed to act on it', (error, expected) => {
  expect(error).toBeInstanceOf(SluiceError);
  expect(error).toMatchObject(expected);
});

test('without a cause there is none, rather than one that is undefined', () => {
  expect(new RetryError('Busy')).not.toHaveProperty('cause');
});
