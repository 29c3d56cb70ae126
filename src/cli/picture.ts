import { PROMOTION_REASONS, reasonOf } from '../api/v1alpha1/reasons.ts';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { Environment, Promotion } from '../api/v1alpha1/types.ts';
import { parseReference, shortRevision } from '../promotion/revision.ts';
import { ageOf, fit, timeOf, wrapped } from './text.ts';

/* The chain of a namespace as a picture: each Environment after those that it takes from. Pure. */

/** What a picture shows, and how. */
export interface Scenery {
  environments: readonly Environment[];
  promotions: readonly Promotion[];
  /** Epoch milliseconds. */
  now: number;
  columns: number;
}

type Target = NonNullable<NonNullable<Environment['status']>['targets']>[number];

/** How an Environment stands, in one character: good, under way, bad, or nothing there yet. */
export type Mark = '●' | '◐' | '✖' | '○';

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** Environments after those that they take from; those of one rank by name. What goes round in circles comes last. */
export function inChain(environments: readonly Environment[]): Environment[] {
  const left = new Map(environments.map((e) => [keyOf(e.metadata.namespace, e.metadata.name), e]));
  const sorted: Environment[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const [key, environment] of left) {
      const above = environment.spec.upstream?.environments ?? [];
      if (above.some((u) => left.has(keyOf(environment.metadata.namespace, u.name)))) continue;
      sorted.push(environment);
      left.delete(key);
      found = true;
      break;
    }
  }
  return [...sorted, ...left.values()];
}

/** The chain, one block for each Environment. */
export function pictureOf(scenery: Scenery): string {
  const blocks = inChain(scenery.environments).map((e) => blockOf(e, scenery).join('\n'));
  return `${blocks.join('\n')}\n`;
}

function blockOf(environment: Environment, { promotions, now, columns }: Scenery): string[] {
  const { name } = environment.metadata;
  const here = promotions.filter((p) => p.spec.environment === name);
  const open = here.filter((p) => p.status?.completedAt === undefined);
  const failed = lastFailed(here);
  const head = wrapped(
    [name, ...circumstances(environment, now)].join(' · '),
    columns,
    '    ',
    `${markOf(environment, open, failed)} `,
  );
  const targets = environment.spec.targets.flatMap(({ name: target }) =>
    targetLines(target, environment, open, now).map((line) => fit(line, columns)),
  );
  return [
    ...head,
    ...targets,
    ...open.flatMap((p) => promotionLines(p, now, columns)),
    ...(failed ? promotionLines(failed, now, columns) : []),
    ...troubles(environment, now).flatMap((text) => wrapped(text, columns, '      ', '    ! ')),
  ];
}

function markOf({ status }: Environment, open: readonly Promotion[], failed: Promotion | undefined): Mark {
  const stalled = open.some((p) => findCondition(p, 'Stalled')?.status === 'True');
  if (stalled || failed || status?.targets?.some((t) => t.drift)) return '✖';
  if (open.length > 0) return '◐';
  return status?.targets?.some((t) => t.current) ? '●' : '○';
}

/** Where it takes from, and what keeps promotions out. */
function circumstances({ spec, status }: Environment, now: number): string[] {
  const above = spec.upstream?.environments.map((u) =>
    u.soakSeconds > 0 ? `${u.name} (soak ${ageOf(u.soakSeconds * 1000)})` : u.name,
  );
  const { freeze, window, autoPromote } = status ?? {};
  const between = spec.upstream?.require === 'Any' ? ' or ' : ', ';
  return [
    ...(above ? [`after ${above.join(between)}`] : []),
    ...(spec.autoPromote === 'WhenVerifiedUpstream' ? [autoPromote ? 'auto: held' : 'auto'] : []),
    ...(freeze ? [`FROZEN${freeze.until ? ` until ${timeOf(freeze.until)}` : ''}: ${freeze.reason}`] : []),
    ...(window && !window.open
      ? [`window closed${window.nextOpen ? `, opens in ${ageOf(Date.parse(window.nextOpen) - now)}` : ''}`]
      : []),
  ];
}

/** The last to end here, where it went back or never got in and nothing has begun since. */
function lastFailed(here: readonly Promotion[]): Promotion | undefined {
  const ended = here.filter((p) => p.status?.completedAt !== undefined && !p.spec.dryRun);
  const last = ended.toSorted(
    (a, b) => Date.parse(b.status?.completedAt ?? '') - Date.parse(a.status?.completedAt ?? ''),
  )[0];
  const reason = last && reasonOf(last);
  if (!last || !reason || PROMOTION_REASONS[reason].Succeeded !== 'False' || reason === 'Superseded')
    return undefined;
  return here.some((p) => p.status?.completedAt === undefined) ? undefined : last;
}

/** What a target runs; beneath it what it is to run, and how far that has come. */
function targetLines(
  name: string,
  { status }: Environment,
  open: readonly Promotion[],
  now: number,
): string[] {
  const found = status?.targets?.find((t) => t.name === name);
  const flying = open.find((p) => p.status?.plan && p.status.targets?.some((t) => t.name === name));
  const at = flying?.status?.targets?.find((t) => t.name === name);
  const runs = found?.current ? labelOf(found.current) : 'nothing yet';
  const line = `    ${name.padEnd(14)} ${runs}${goodSince(found, now)}`;
  if (!flying || !at) return [line];
  const percent = at.weight ?? 0;
  const step = at.steps ? `  step ${Math.min(at.step ?? 0, at.steps)} of ${at.steps}` : '';
  const rises = `${flying.status?.summary?.revision ?? '?'}  ${bar(percent)} ${percent} %${step}  ${at.state}`;
  return [line, `    ${''.padEnd(11)} ─► ${rises}`];
}

function goodSince(target: Target | undefined, now: number): string {
  const { lastGood, current, steadySince } = target ?? {};
  if (!current) return '';
  if (lastGood?.revisionDigest !== current.revisionDigest) return '  not proven good';
  // Something has drifted, or goes back: nothing soaks meanwhile.
  return steadySince === undefined ? '  disturbed' : `  good for ${ageOf(now - Date.parse(steadySince))}`;
}

/** Ten characters for a hundred per cent. */
export function bar(percent: number): string {
  const full = Math.round(percent / 10);
  return '█'.repeat(full) + '░'.repeat(10 - full);
}

/** What a revision is called: `checkout:1.4.2`. */
export function labelOf({
  images = [],
  revisionDigest,
}: {
  images?: readonly string[] | undefined;
  revisionDigest: string;
}): string {
  const known = images.flatMap((reference) => parseReference(reference) ?? []);
  return known.length > 0
    ? shortRevision(known)
    : (images[0]?.split('/').at(-1) ?? revisionDigest.slice(0, 19));
}

/** A promotion, why it stands where it stands, and what it waits for. */
function promotionLines(promotion: Promotion, now: number, columns: number): string[] {
  const { metadata, status } = promotion;
  const succeeded = findCondition(promotion, 'Succeeded');
  const ended = status?.completedAt ? ` ${ageOf(now - Date.parse(status.completedAt))} ago` : '';
  const said = succeeded ? `${succeeded.reason}${ended}: ${succeeded.message}` : 'not looked at yet';
  const awaited = (status?.blockedBy ?? []).filter((b) => b.message !== succeeded?.message);
  return [
    ...wrapped(`${metadata.name}: ${said}`, columns, '      ', '    '),
    ...awaited.flatMap(({ reason, message, until }) =>
      wrapped(
        `${reason}: ${message}${until ? ` (until ${timeOf(until)})` : ''}`,
        columns,
        '        ',
        '      ↳ ',
      ),
    ),
  ];
}

function troubles({ status }: Environment, now: number): string[] {
  const { targets = [], quarantine = [], followUps = [] } = status ?? {};
  return [
    ...targets.flatMap(({ name, drift }) =>
      drift
        ? [
            `drift on ${name} for ${ageOf(now - Date.parse(drift.since))}: ${drift.found} instead of ${drift.expected}`,
          ]
        : [],
    ),
    ...(quarantine.length > 0
      ? [
          `in quarantine: ${quarantine.map((q) => `${q.image.split('/').at(-1)}@${q.digest.slice(7, 19)} on ${q.target}`).join(', ')}`,
        ]
      : []),
    ...followUps.map(
      (f) =>
        `emergency ${f.promotion} (${f.ticket}) waits for an approval by somebody else than ${f.by} until ${timeOf(f.dueAt)}`,
    ),
  ];
}
