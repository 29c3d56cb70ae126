import { describe, expect, test } from '@jest/globals';
import { ApiError, TransportError } from '../kube/errors.ts';
import { selfSigned } from '../kube/testing/self-signed.ts';
import { type Credentials, credentialsFor } from './credentials.ts';
import type { Secrets } from './gate.ts';

type Type = 'Bearer' | 'Basic' | 'MTLS';

const secrets = (data: Record<string, string>, type = 'Opaque'): Secrets => ({
  namespace: 'shop',
  read: async () => Promise.resolve({ type, data }),
  forget: () => {},
});
const failing = (error: Error): Secrets => ({
  namespace: 'shop',
  read: async () => Promise.reject(error),
  forget: () => {},
});

const use = async (type: Type, from: Secrets): Promise<Credentials> =>
  credentialsFor({ secretName: 'prom', type }, from);

const alice = selfSigned('alice');
const bob = selfSigned('bob');
const MTLS = { 'tls.crt': alice.cert, 'tls.key': alice.key };

describe('what a Secret gives', () => {
  test('Bearer, without the newline that files end with', async () => {
    expect(await use('Bearer', secrets({ token: 'abc.def\n', other: 'x' }))).toEqual({
      headers: { authorization: 'Bearer abc.def' },
      confidential: ['abc.def'],
    });
  });

  test('Basic', async () => {
    expect(await use('Basic', secrets({ username: 'me\n', password: 'pä:ss' }))).toEqual({
      headers: { authorization: `Basic ${Buffer.from('me:pä:ss').toString('base64')}` },
      confidential: ['me', 'pä:ss', Buffer.from('me:pä:ss').toString('base64')],
    });
  });

  test('MTLS, as in kubernetes.io/tls', async () => {
    expect(await use('MTLS', secrets(MTLS, 'kubernetes.io/tls'))).toEqual({
      headers: {},
      tls: { cert: alice.cert, key: alice.key },
      confidential: [alice.cert, alice.key],
    });
  });

  test.each<[Type, Record<string, string>]>([
    ['Bearer', { token: 'abc' }],
    ['Basic', { username: 'me', password: 'p' }],
    ['MTLS', MTLS],
  ])('an authority of its own with %s', async (type, data) => {
    const { tls } = await use(type, secrets({ ...data, 'ca.crt': bob.cert }));
    expect(tls).toMatchObject({ ca: bob.cert });
  });
});

describe('one that cannot be used is an error that says what to apply', () => {
  test.each<[string, Type, Secrets, string]>([
    [
      'it does not exist',
      'Bearer',
      failing(new ApiError(404, 'x', { reason: 'NotFound' })),
      'Secret prom does not exist: apply it with `token`',
    ],
    [
      'the chart is older',
      'Basic',
      failing(new ApiError(403, 'x', { reason: 'Forbidden' })),
      'Secret prom may not be read: give the operator the right to get secrets in this namespace',
    ],
    [
      'no answer',
      'Bearer',
      failing(new TransportError('Timeout', 'The API server did not answer in time: get secrets')),
      'Secret prom could not be read: The API server did not answer in time: get secrets',
    ],
    ['no key', 'Bearer', secrets({ Token: 'x' }), 'Secret prom has no `token`: apply it with `token`'],
    ['an empty key', 'Bearer', secrets({ token: '\n' }), 'Secret prom has no `token`: apply it with `token`'],
    [
      'half of a pair',
      'Basic',
      secrets({ username: 'me' }),
      'Secret prom has no `password`: apply it with `username` and `password`',
    ],
    [
      'a certificate without a key',
      'MTLS',
      secrets({ 'tls.crt': alice.cert }),
      'Secret prom has no `tls.key`: apply it with `tls.crt` and `tls.key`',
    ],
    [
      'a token that would end the header',
      'Bearer',
      secrets({ token: 'HUSH\r\nHUSH' }),
      'Secret prom: `token` cannot be sent in a header: write the token alone, in one line',
    ],
    [
      'an endless token',
      'Bearer',
      secrets({ token: 'x'.repeat(9000) }),
      '`token` cannot be sent in a header',
    ],
    [
      'a colon in the name',
      'Basic',
      secrets({ username: 'HUSH:', password: 'HUSH' }),
      '`username` has a colon',
    ],
    [
      'no PEM',
      'MTLS',
      secrets({ 'tls.crt': 'HUSH', 'tls.key': 'HUSH' }),
      'Secret prom: `tls.crt` and `tls.key` are no certificate and its key: apply it with PEM',
    ],
    [
      "another certificate's key",
      'MTLS',
      secrets({ 'tls.crt': alice.cert, 'tls.key': bob.key }),
      '`tls.crt` and `tls.key` are no certificate and its key',
    ],
    [
      'no authority',
      'Bearer',
      secrets({ token: 'HUSH', 'ca.crt': 'HUSH' }),
      'Secret prom: `ca.crt` is no certificate: apply it with PEM',
    ],
    [
      "a ServiceAccount's token",
      'Bearer',
      secrets({ token: 'HUSH' }, 'kubernetes.io/service-account-token'),
      'Secret prom is the token of a ServiceAccount, which is not sent to servers: apply one of type Opaque',
    ],
  ])('%s', async (_, type, from, message) => {
    const error = await use(type, from).then(
      () => new Error('It was taken'),
      (error: Error) => error,
    );
    expect(error).toMatchObject({ name: 'CredentialsError', message: expect.stringContaining(message) });
    expect(error.message).not.toContain('HUSH');
  });
});
