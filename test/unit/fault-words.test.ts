import { describe, expect, test } from '@jest/globals';
import type { ApiRequest } from '../harness/fault-exchange.ts';
import { wordsFor } from '../faults/writes.ts';

/* A write is called by the same words in every run of a scene, and by others than another write of it. */

const patch = (resource: string, name: string, status: object): ApiRequest =>
  ({ verb: 'patch', resource, name, body: JSON.stringify({ status }) }) as ApiRequest;

const reason = (type: string, is: string): object => ({ conditions: [{ type, reason: is }] });

describe('the words for a write', () => {
  test.each<[string, ApiRequest, string]>([
    [
      'leave the app and the version out',
      patch('promotions/status', 'app-v2', reason('Succeeded', 'Preflight')),
      'patch promotions/status Preflight',
    ],
    [
      'tell a second promotion from the first',
      patch('promotions/status', 'app-v3', reason('Succeeded', 'Preflight')),
      'patch promotions/status app-v3 Preflight',
    ],
    [
      'leave the digest out by which one is called that rose by itself',
      patch('promotions/status', 'auto-app-2-0123456789ab', reason('Succeeded', 'Preflight')),
      'patch promotions/status app-2 Preflight',
    ],
    [
      'leave out how often a Decision was made, and say what became of it',
      patch('decisions/status', 'app-freeze-1', reason('Accepted', 'Used')),
      'patch decisions/status app-freeze Used',
    ],
    [
      'of a promotion that is made',
      {
        verb: 'create',
        resource: 'promotions',
        body: JSON.stringify({
          apiVersion: 'sluice.dev/v1alpha1',
          metadata: { name: 'auto-app-2-0123456789ab' },
          spec: {},
        }),
      } as ApiRequest,
      'create promotions app-2',
    ],
    ['of a freeze', patch('environments/status', 'app', { freeze: {} }), 'patch environments/status freeze'],
    [
      'of its end',
      patch('environments/status', 'app', { freeze: null }),
      'patch environments/status freeze over',
    ],
    [
      'of what is to be approved afterwards',
      patch('environments/status', 'app', { followUps: [{}] }),
      'patch environments/status follow-up',
    ],
    [
      'of what was',
      patch('environments/status', 'app', { followUps: null }),
      'patch environments/status follow-up over',
    ],
    [
      'of what was let out of quarantine',
      patch('environments/status', 'app', { quarantine: null, released: [{}] }),
      'patch environments/status released',
    ],
  ])('%s', (_, request, words) => {
    expect(wordsFor(request, 'app')).toEqual([words]);
  });
});
