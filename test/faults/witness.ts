import type { Recorded } from '../harness/fault-proxy.ts';

/* The laws that a history of objects does not show, each with its own witness. */

/** What belongs to the installation, and to no namespace that is worked in. */
const INSTALLATION = [
  'leases',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'selfsubjectreviews',
];
const TRUST_RECORD = 'sluice-decision-trust';

/** S5: what was asked for in a namespace that is not the operator's, by what its proxy has seen. */
export function strays(requests: readonly Recorded[], namespaces: readonly string[]): string[] {
  const outside = requests.filter(
    ({ namespace, resource, name, body }) =>
      !namespaces.includes(namespace ?? '') &&
      !INSTALLATION.includes(resource) &&
      !(resource === 'configmaps' && (name ?? nameIn(body)) === TRUST_RECORD),
  );
  return outside.map(({ verb, path }) => `S5: ${verb} ${path} is outside ${namespaces.join(', ')}`);
}

/** S6: which of these texts have one of the secrets in them, in the clear or in base64. */
export function leaks(texts: Readonly<Record<string, string>>, secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ]);
  return Object.entries(texts)
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([where]) => `S6: a secret is in ${where}`);
}

/** S4 once more, by the order of writes: no advance after the server has taken that it goes back. */
export function advancesAfterRevert(requests: readonly Recorded[], promotion: string): string[] {
  const reverted = requests.find(
    ({ resource, name, body, status = 0 }) =>
      resource === 'promotions/status' && name === promotion && status < 300 && body.includes('"detectedAt"'),
  );
  if (!reverted) return [];
  const after = requests.slice(requests.indexOf(reverted) + 1);
  // What another promotion does there, once it has begun, is that one's.
  const next = after.findIndex(
    ({ resource, name, body }) =>
      resource === 'promotions/status' && name !== promotion && body.includes('"startedAt"'),
  );
  return after
    .slice(0, next === -1 ? undefined : next)
    .filter((r) => r.resource === 'rollouts/status' && isAdvance(r.body))
    .map(({ path }) => `S4: ${path} was told to go on after the revert was decided`);
}

/** The name of the object in the body of a request; empty without one. */
export function nameIn(body: string): string {
  return body === '' ? '' : ((JSON.parse(body) as { metadata?: { name?: string } }).metadata?.name ?? '');
}

/** Whether a patch ends a pause. Skipping what is left is a part of the way back, too: whose steps, S1 sees. */
export function isAdvance(body: string): boolean {
  return body.includes('"remove","path":"/status/pauseConditions"');
}
