import type { ApiRequest } from '../harness/fault-exchange.ts';
import { isWrite } from '../harness/fault-kinds.ts';
import { isAdvance, nameIn } from './witness.ts';

/**
 * What a write says, in the same words in every run of the same scene: `patch promotions/status Analysing@1`. Times,
 * versions, hashes and numbers are left out, and the app's name is `app`. A write that says several things, which
 * another run may say one after another, has a word for each.
 */
export function wordsFor({ verb, resource, name, body }: ApiRequest, app: string): string[] {
  const called = name ?? nameIn(body);
  // A record is called after its promotion's uid and its target, an event after its object and a hash, a Decision by
  // how often it was made, and what rose by itself by a digest.
  const [, which = ''] =
    new RegExp(`${app}(-\\d+|-v3|-[a-z]+)?(-v\\d+|-\\d+|-[0-9a-f]{12})?(\\..*)?$`).exec(called) ?? [];
  const what = [verb, resource, ...(which === '' ? [] : [`app${which}`])].join(' ');
  const says = SAYS[resource]?.(body) ?? [];
  return says.length === 0 ? [what] : says.map((one) => `${what} ${one}`);
}

const SAYS: Record<string, (body: string) => string[]> = {
  'promotions/status': promotionSays,
  'environments/status': environmentSays,
  'decisions/status': decisionSays,
  promotions: finalizerSays,
  environments: finalizerSays,
  rollouts: (body) => [body.includes('"replace","path":"/spec/template","value"') ? 'restore' : 'apply'],
  'rollouts/status': (body) => [
    isAdvance(body)
      ? `advance${stepIn(body)}`
      : body.includes('"/status/abort"')
        ? 'abort'
        : 'skip the steps',
  ],
  events: (body) => [(JSON.parse(body) as { reason?: string }).reason ?? ''],
};

/** The pause that an advance ends, which makes the second one another write than the first; a blue-green has one. */
function stepIn(body: string): string {
  const operations: { op: string; path: string; value?: unknown }[] = JSON.parse(body);
  const step = operations.find(({ op, path }) => op === 'test' && path === '/status/currentStepIndex');
  return step ? `@${String(step.value)}` : '';
}

interface Said {
  status?: {
    conditions?: { type: string; reason: string }[];
    targets?: { name: string; step?: number; state?: string; candidate?: unknown; lastGood?: unknown }[];
    revert?: Record<string, unknown>;
    quarantine?: unknown[] | null;
    released?: unknown[];
    freeze?: unknown;
    followUps?: unknown[] | null;
    history?: unknown[];
  };
  metadata?: { finalizers?: string[] };
}

/** How far a revert is, each stage for itself; else the reason, and where its targets stand. */
function promotionSays(body: string): string[] {
  const { status }: Said = JSON.parse(body);
  const stages = ['detectedAt', 'commandedAt', 'trafficRestoredAt', 'intentRestoredAt'];
  const reached = stages.filter((stage) => status?.revert?.[stage]);
  if (reached.length > 0) return reached;
  const reason = status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  // The end comes with the last stage, or a moment later, when the last pod has gone.
  if (reason === 'RolledBack') return stages.slice(-1);
  const at =
    status?.targets?.map(({ step, state }) => `${state}${step === undefined ? '' : `@${step}`}`) ?? [];
  const said = [...(reason === undefined ? [] : [reason]), ...at];
  return said.length === 0 ? [] : [said.join(' ')];
}

function environmentSays(body: string): string[] {
  const { status }: Said = JSON.parse(body);
  const { targets = [], quarantine, released, freeze, followUps, history = [] } = status ?? {};
  return [
    ...(targets.some((t) => t.candidate) ? ['candidate'] : []),
    ...(targets.some((t) => t.lastGood) ? ['good'] : []),
    ...(quarantine && quarantine.length > 0 ? ['quarantine'] : []),
    ...(released ? ['released'] : []),
    // What is over is taken away.
    ...(freeze === undefined ? [] : [freeze === null ? 'freeze over' : 'freeze']),
    ...(followUps === undefined ? [] : [followUps === null ? 'follow-up over' : 'follow-up']),
    ...(history.length > 0 ? ['history'] : []),
  ];
}

/** What became of it. */
function decisionSays(body: string): string[] {
  const { status }: Said = JSON.parse(body);
  return (status?.conditions ?? []).map(({ reason }) => reason);
}

function finalizerSays(body: string): string[] {
  // A whole object: it is made, and nothing is said of finalizers.
  if (body.includes('"spec":')) return [];
  return [body.includes('"sluice.dev/') ? 'finalizer' : 'no finalizer'];
}

/** The words of the writes of an app among these requests, in the order of their first occurrence. */
export function writesOf(requests: readonly ApiRequest[], app: string): string[] {
  const own = requests.filter((r) => isWrite(r) && isAbout(r, app));
  return [...new Set(own.flatMap((r) => wordsFor(r, app)))];
}

/** Whether a request is about an app: by name, or by what is in it. */
export function isAbout({ path, body }: ApiRequest, app: string): boolean {
  return path.includes(app) || body.includes(app);
}
