import { existsSync, readFileSync } from 'node:fs';
import { type UserName, USERS } from './users.ts';

/** Audit policy of the API server: who, what and how it was answered, of the requests of the operator and of Argo CD. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', users: [USERS.operator.username, USERS.argocd.username] }, { level: 'None' }],
};

/** What the harness reads of an event of the audit log (audit.k8s.io/v1). */
export interface AuditEvent {
  auditID: string;
  /** A watch is logged when its answer begins (ResponseStarted) and again when it ends. */
  stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  requestURI: string;
  verb: string;
  user: { username: string };
  userAgent?: string;
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    apiGroup?: string;
    subresource?: string;
  };
  responseStatus?: { code?: number };
  annotations?: Record<string, string>;
}

/** A request as RBAC sees it. */
export interface OperatorRequest {
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** With the subresource, as rules write it: `promotions/status`; the path of what is no resource. */
  resource: string;
  namespace?: string;
  /** Absent where the URL has none: a list, a watch, a create. */
  name?: string;
  /** RBAC refused it. Not every 403 is that: admission answers so in a namespace that is being deleted. */
  forbidden: boolean;
}

/** What an audit log has of one of the cast, oldest first. The API server writes each event before it answers. */
export function auditEvents(path: string, who: UserName): AuditEvent[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // What follows the last line break is a line that is being written.
  const events = lines.slice(0, -1).map((line): AuditEvent => JSON.parse(line));
  return events.filter(({ user }) => user.username === USERS[who].username);
}

/** The distinct requests of the operator in these events. */
export function operatorRequests(events: readonly AuditEvent[]): OperatorRequest[] {
  const distinct = new Map<string, OperatorRequest>();
  for (const event of events) {
    // The client of the harness names no agent: a test has spoken with the operator's token.
    if (event.userAgent === undefined) continue;
    const request = requestOf(event);
    distinct.set(JSON.stringify(request), request);
  }
  return [...distinct.values()];
}

function requestOf({ verb, objectRef, requestURI, annotations }: AuditEvent): OperatorRequest {
  const forbidden = annotations?.['authorization.k8s.io/decision'] === 'forbid';
  if (!objectRef)
    return { verb, group: '', resource: new URL(requestURI, 'https://host').pathname, forbidden };
  const { apiGroup = '', resource, subresource, namespace, name } = objectRef;
  // The log has the name of what was created; RBAC decides on the URL, which has none.
  const isNamed = name !== undefined && (verb !== 'create' || subresource !== undefined);
  return {
    verb,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(namespace !== undefined && { namespace }),
    ...(isNamed && { name }),
    forbidden,
  };
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Written by the clock, or beside what happens: neither is a decision about anything. */
const BESIDES = new Set(['leases', 'events']);

/** The writes among these events, each as `verb resource namespace/name code`; leases and events left out. */
export function writesIn(events: readonly AuditEvent[]): string[] {
  return events
    .filter(({ verb, objectRef }) => WRITES.has(verb) && !BESIDES.has(objectRef?.resource ?? ''))
    .map(({ verb, objectRef, responseStatus }) => {
      const { resource = '', subresource, namespace, name } = objectRef ?? {};
      const what = subresource === undefined ? resource : `${resource}/${subresource}`;
      return `${verb} ${what} ${namespace}/${name} ${responseStatus?.code}`;
    });
}
