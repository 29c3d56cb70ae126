import { createHash } from 'node:crypto';
import { microTime } from './lease-record.ts';
import type { KubeObject } from './types.ts';

/** What an event is about; core/v1 ObjectReference. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface EventNote {
  type?: 'Normal' | 'Warning';
  /** Why, CamelCase. */
  reason: string;
  /** What was done, or was about to be. */
  action: string;
  /** For people, one sentence. */
  note: string;
  related?: ObjectReference;
}

export interface Reporter {
  reportingController: string;
  reportingInstance: string;
}

/** An event that happened once or more: one object in the API. */
export interface Occurrences {
  regarding: ObjectReference;
  event: EventNote;
  count: number;
  firstMs: number;
  lastMs: number;
}

/** The reference to an object that came from a watch, a list of a reflector, or the answer to a write. */
export function referenceTo({ apiVersion = '', kind = '', metadata }: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }), uid, resourceVersion };
}

/** Two events with the same key are one that happened twice. */
export const eventKey = (regarding: ObjectReference, { type, reason, action, note }: EventNote): string =>
  JSON.stringify([regarding.uid, type, reason, action, note]);

/** Events about cluster-scoped objects live in `default`, by the API server's own rule. */
export const eventNamespace = (regarding: ObjectReference): string => regarding.namespace ?? 'default';

/**
 * The same name for the same event however often its creation is tried, and another for any other: what makes
 * a retry after a lost answer harmless.
 */
export function eventName({ regarding, event, firstMs }: Occurrences, reporter: Reporter): string {
  const text = `${eventKey(regarding, event)} ${firstMs} ${reporter.reportingInstance}`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  // Names of RBAC objects hold colons, and a name may be 253 characters long by itself.
  const stem = regarding.name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 230)
    .replace(/^[.-]+|[.-]+$/g, '');
  return stem === '' ? hash : `${stem}.${hash}`;
}

/** The body of an events.k8s.io/v1 Event; lengths by `pkg/apis/core/validation/events.go`. */
export function eventBody(occurrences: Occurrences, reporter: Reporter): object {
  const { regarding, event, firstMs } = occurrences;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(occurrences, reporter), namespace: eventNamespace(regarding) },
    eventTime: microTime(firstMs),
    type: event.type ?? 'Normal',
    reason: cut(event.reason, 128),
    action: cut(event.action, 128),
    note: cut(event.note, 1024),
    regarding,
    ...(event.related && { related: event.related }),
    reportingController: reporter.reportingController,
    reportingInstance: cut(reporter.reportingInstance, 128),
    ...(occurrences.count > 1 && { series: eventSeries(occurrences) }),
  };
}

/** `count` is 2 or more: the first occurrence makes no series. */
export const eventSeries = ({ count, lastMs }: Occurrences): object => ({
  count,
  lastObservedTime: microTime(lastMs),
});

/** At most `bytes` bytes of UTF-8, never ending inside a character. */
export function cut(text: string, bytes: number): string {
  const encoder = new TextEncoder();
  if (encoder.encodeInto(text, new Uint8Array(bytes)).read === text.length) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes - 3));
  return `${text.slice(0, read)}…`;
}
