import { expect, test } from '@jest/globals';
import {
  ApiError,
  TransportError,
  apiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isTooLarge,
  isNotFound,
  isTransient,
} from './errors.ts';

const status = (reason: string, message = 'no', details = {}): object => ({
  kind: 'Status',
  reason,
  message,
  details,
});

test('each refusal is recognized by its own question', () => {
  const questions = { isNotFound, isConflict, isAlreadyExists, isInvalid, isTooLarge, isForbidden, isGone };
  const answers = (error: unknown): string[] =>
    Object.entries(questions)
      .filter(([, ask]) => ask(error))
      .map(([name]) => name);
  expect(answers(apiError(404, status('NotFound')))).toEqual(['isNotFound']);
  expect(answers(apiError(409, status('Conflict')))).toEqual(['isConflict']);
  expect(answers(apiError(409, status('AlreadyExists')))).toEqual(['isAlreadyExists']);
  expect(answers(apiError(422, status('Invalid')))).toEqual(['isInvalid']);
  expect(answers(apiError(403, status('Forbidden')))).toEqual(['isForbidden']);
  expect(answers(apiError(413, status('RequestEntityTooLarge')))).toEqual(['isTooLarge']);
  const full = { ...status('InternalError'), message: 'etcdserver: request is too large' };
  expect(answers(apiError(500, full))).toEqual(['isTooLarge']);
  expect(answers(apiError(500, status('InternalError')))).toEqual([]);
  expect(answers(apiError(410, status('Expired')))).toEqual(['isGone']);
  expect(answers(new TransportError('Timeout', 'late'))).toEqual([]);
  expect(answers(new Error('404'))).toEqual([]);
});

test.each([
  [429, true],
  [500, true],
  [503, true],
  [504, true],
  [400, false],
  [403, false],
  [409, false],
  [422, false],
])('%i is transient: %s', (code, transient) => {
  expect(isTransient(apiError(code, undefined))).toBe(transient);
});

test('no answer is transient, unless we ourselves gave up', () => {
  expect(isTransient(new TransportError('Timeout', ''))).toBe(true);
  expect(isTransient(new TransportError('Connection', ''))).toBe(true);
  expect(isTransient(new TransportError('Aborted', ''))).toBe(false);
});

test('Retry-After is read from the header, else from the Status, in seconds', () => {
  expect(apiError(429, status('TooManyRequests'), '7').retryAfterSeconds).toBe(7);
  expect(apiError(504, status('Timeout', '', { retryAfterSeconds: 3 })).retryAfterSeconds).toBe(3);
  expect(apiError(429, status('TooManyRequests', '', { retryAfterSeconds: 3 }), '7').retryAfterSeconds).toBe(
    7,
  );
});

test.each(['Wed, 21 Oct 2026 07:28:00 GMT', '-1', '99999999', ''])(
  'Retry-After %j counts as absent',
  (value) => {
    expect(apiError(429, undefined, value).retryAfterSeconds).toBeUndefined();
  },
);

test('the body of a load balancer in front of the server is never shown', () => {
  const error = apiError(502, '<html>internal-proxy.example</html>');
  expect(error).toBeInstanceOf(ApiError);
  expect(error.message).toBe('The API server answered 502 without a reason');
  expect(error.reason).toBe('');
});

test('a message without end is cut', () => {
  expect(apiError(422, status('Invalid', 'x'.repeat(1e6))).message).toHaveLength(1024);
});

test('causes that are no list are ignored', () => {
  expect(apiError(422, status('Invalid', '', { causes: 'many' })).causes).toEqual([]);
  expect(apiError(422, status('Invalid', '', { causes: [{ field: 'spec' }] })).causes).toEqual([
    { field: 'spec' },
  ]);
});

test('what an admission webhook says is shown in one line, without control characters', () => {
  const { message } = new ApiError(403, 'denied\n{"level":"info"}\u001b[2J\u009b\u202e');
  expect(message).toBe('denied {"level":"info"} [2J');
});
