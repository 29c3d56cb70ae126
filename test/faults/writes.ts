import type { ApiRequest } from '../harness/fault-exchange.ts';
import { isWrite } from '../harness/fault-kinds.ts';
import { isAdvance } from './witness.ts';

/**
 * What a write says, in the same words in every run of the same scene: `patch promotions/status Reverting@1`. Times,
 * versions, hashes and numbers are left out, and the app's name is `app`.
 */
export function wordFor({ verb, resource, name, body }: ApiRequest, app: string): string {
  const called = name ?? nameIn(body);
  // A record is called after its promotion's uid and its target, an event after its object and a hash.
  const [, which = ''] = new RegExp(`${app}(-\\d+)?(-v\\d+)?(\\..*)?$`).exec(called) ?? [];
  const says = SAYS[resource]?.(body) ?? '';
  return [verb, resource, ...(which === '' ? [] : [`app${which}`]), ...(says === '' ? [] : [says])].join(' ');
}

function nameIn(body: string): string {
  return body === '' ? '' : ((JSON.parse(body) as { metadata?: { name?: string } }).metadata?.name ?? '');
}

const SAYS: Record<string, (body: string) => string> = {
  'promotions/status': promotionSays,
  'environments/status': environmentSays,
  promotions: finalizerSays,
  environments: finalizerSays,
  rollouts: (body) => (body.includes('"replace","path":"/spec/template","value"') ? 'restore' : 'apply'),
  'rollouts/status': (body) =>
    isAdvance(body) ? 'advance' : body.includes('"/status/abort"') ? 'abort' : 'skip the steps',
  events: (body) => (JSON.parse(body) as { reason?: string }).reason ?? '',
};

interface Said {
  status?: {
    conditions?: { type: string; reason: string }[];
    targets?: { name: string; step?: number; state?: string; candidate?: unknown; lastGood?: unknown }[];
    revert?: Record<string, unknown>;
    quarantine?: unknown[];
    history?: unknown[];
  };
  metadata?: { finalizers?: string[] };
}

/** Reason, the steps that its targets are at, and how far a revert is. */
function promotionSays(body: string): string {
  const { status }: Said = JSON.parse(body);
  const reason = status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  const at =
    status?.targets?.map(({ step, state }) => `${state}${step === undefined ? '' : `@${step}`}`) ?? [];
  const proven = ['commandedAt', 'trafficRestoredAt', 'intentRestoredAt'].filter(
    (key) => status?.revert?.[key],
  );
  return [...(reason === undefined ? [] : [reason]), ...at, ...proven].join(' ');
}

function environmentSays(body: string): string {
  const { status }: Said = JSON.parse(body);
  const { targets = [], quarantine = [], history = [] } = status ?? {};
  return [
    ...(targets.some((t) => t.candidate) ? ['candidate'] : []),
    ...(targets.some((t) => t.lastGood) ? ['good'] : []),
    ...(quarantine.length > 0 ? ['quarantine'] : []),
    ...(history.length > 0 ? ['history'] : []),
  ].join(' ');
}

function finalizerSays(body: string): string {
  return body.includes('"sluice.dev/') ? 'finalizer' : 'no finalizer';
}

/** The words of the writes of an app among these requests, in the order of their first occurrence. */
export function writesOf(requests: readonly ApiRequest[], app: string): string[] {
  const own = requests.filter((r) => isWrite(r) && isAbout(r, app));
  return [...new Set(own.map((r) => wordFor(r, app)))];
}

/** Whether a request is about an app: by name, or by what is in it. */
export function isAbout({ path, body }: ApiRequest, app: string): boolean {
  return path.includes(app) || body.includes(app);
}
