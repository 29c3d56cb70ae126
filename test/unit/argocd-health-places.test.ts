import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecisionSpec, Environment, EnvironmentStatus } from '../../src/api/v1alpha1/types.ts';
import { decide as decideDecision } from '../../src/decision/decide.ts';
import { decide } from '../../src/environment/decide.ts';
import type { Input } from '../../src/environment/input.ts';
import { gateStatus } from '../../src/gate/controller.ts';
import { play } from '../../src/promotion/testing/play.ts';
import { OLD, World } from '../../src/promotion/testing/world.ts';
import { ArgoCdLua, scriptOf } from '../harness/argocd-lua.ts';

/* What Argo CD shows of Environments, Gates and Decisions whose status is really decided. */

let lua: ArgoCdLua;
beforeAll(async () => {
  lua = await ArgoCdLua.start();
});

/** An Environment after a promotion that was good. */
const promoted = (): EnvironmentStatus => {
  const world = new World();
  play(world, 'Pass');
  world.environmentTick();
  return world.environment.status ?? {};
};

describe('an Environment', () => {
  const NOW = Date.parse('2026-01-01T12:00:00Z');

  /** What it shows, and the words that it begins with, once its controller has looked. */
  function shown(more: Partial<Input> & { spec?: object; status?: EnvironmentStatus } = {}): string[] {
    const world = new World();
    const { spec, status, ...input } = more;
    const environment: Environment = {
      ...world.environment,
      spec: { ...world.environment.spec, ...spec },
      ...(status && { status }),
    };
    const nothing = { promotions: [], decisions: [], upstreams: new Map(), freezes: [], problems: [] };
    const unknown = { declared: () => undefined, running: () => undefined };
    const decided = decide({ now: NOW, environment, ...nothing, ...unknown, ...input });
    const { status: code, message } = lua.health(scriptOf('Environment'), {
      ...environment,
      status: decided,
    });
    return [code, message.split(':')[0] ?? ''];
  }

  const windows = [
    { name: 'w', kind: 'Allow', schedule: '0 9 * * *', durationSeconds: 60, timeZone: 'Etc/UTC' },
  ];

  test.each<[string, () => string[], string[]]>([
    ['that is usable', () => shown(), ['Healthy', 'Ready']],
    ['whose windows are closed', () => shown({ spec: { windows } }), ['Healthy', 'Ready']],
    [
      'whose windows cannot be read',
      () => shown({ spec: { windows: [{ ...windows[0], timeZone: 'Nowhere/Land' }] } }),
      ['Degraded', 'InvalidWindow'],
    ],
    [
      'whose Gate is to come',
      () => shown({ problems: ['Gate error-rate does not exist: apply it'] }),
      ['Progressing', 'AwaitingReference'],
    ],
    [
      'that is frozen in Git',
      () => shown({ spec: { freeze: { reason: 'year end' } } }),
      ['Healthy', 'Declared'],
    ],
    [
      'that a person has frozen',
      () =>
        shown({
          freezes: [
            {
              name: 'f',
              uid: 'f',
              by: 'bob',
              verdict: 'Freeze',
              at: NOW - 1,
              until: NOW + 60_000,
              reason: 'INC-7',
            },
          ],
        }),
      ['Healthy', 'Decided'],
    ],
    [
      'that runs something else than what was promoted',
      () => shown({ status: promoted(), declared: () => [OLD] }),
      ['Degraded', 'ImagesChanged'],
    ],
    [
      'whose Rollout is gone',
      () => shown({ status: promoted(), declared: () => undefined }),
      ['Degraded', 'RolloutGone'],
    ],
    [
      'whose emergency nobody has approved',
      () =>
        shown({
          status: {
            followUps: [
              { promotion: 'p', uid: 'p', by: 'alice', ticket: 'INC-7', dueAt: '2026-01-01T11:00:00Z' },
            ],
          },
        }),
      ['Degraded', 'NotApproved'],
    ],
  ])('%s', (_, ask, health) => {
    expect(ask()).toEqual(health);
  });
});

describe('a Gate', () => {
  test.each([
    ['that can be asked', { ok: true as const }, 'Healthy'],
    ['that cannot', { ok: false as const, message: 'no address' }, 'Degraded'],
  ])('%s', (_, validation, health) => {
    const { gate } = new World();
    expect(lua.health(scriptOf('Gate'), gate).status).toBe('Progressing');
    const status = gateStatus(gate, validation, 0);
    expect(lua.health(scriptOf('Gate'), { ...gate, status }).status).toBe(health);
  });
});

describe('a Decision', () => {
  const proven = { trusted: true, since: 0 } as const;
  const ended = { completedAt: '2026-01-01T00:00:00Z' };
  const used = {
    decisions: [{ name: 'd', uid: 'd-uid', by: 'bob', verdict: 'Abort', at: ended.completedAt }],
  };

  test.each([
    ['that nobody has used yet', {}, proven, 'Progressing'],
    ['that was used', used, proven, 'Healthy'],
    ['that comes too late', ended, proven, 'Degraded'],
    ['whose author nothing proves now', {}, { trusted: false as const, message: 'no policy' }, 'Suspended'],
  ])('%s', (_, status, standing, health) => {
    const { promotion, environment, gate } = new World();
    const spec: DecisionSpec = {
      by: 'bob',
      verdict: 'Abort',
      environment: 'prod',
      promotion: { name: 'two', uid: 'two-uid' },
    };
    const decision = {
      apiVersion: 'sluice.dev/v1alpha1' as const,
      kind: 'Decision' as const,
      metadata: { ...promotion.metadata, name: 'd', uid: 'd-uid' },
      spec,
    };
    const decided = decideDecision({
      now: 0,
      decision,
      promotion: { ...promotion, status },
      environment,
      gate,
      standing,
    });
    expect(lua.health(scriptOf('Decision'), { ...decision, status: decided }).status).toBe(health);
  });
});
