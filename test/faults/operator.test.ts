import { afterAll, expect, test } from '@jest/globals';
import type { AuditEvent } from '../harness/audit.ts';
import { chartRoles } from '../harness/rights.ts';
import { apiCases } from './api-cases.ts';
import { chosenScenes, isLong } from './catalogue.ts';
import { clockCases } from './clock-cases.ts';
import { crashCases } from './crash-cases.ts';
import { leadershipCases } from './leadership-cases.ts';
import { soakCase } from './soak-case.ts';
import { policyTravelCases } from './policy-travel-cases.ts';
import { openStage, PLAYED } from './stage.ts';
import { tamperingCases } from './tampering-cases.ts';
import { restartCase, travelCases } from './travel-cases.ts';
import { missedRights } from './verbs.ts';
import { watchCases } from './watch-cases.ts';

/*
 * Real operators, each behind a proxy, under every fault of the catalogue that is not about metrics or about what
 * people write. One world, in which the cases run side by side, each in a namespace and with an operator of its own.
 * One family alone: `-t C-` (crashes), `A-` (API), `W`, `U`, `V` (watches), `R` (Rollouts), `L-` (leases), `T-` (time), `Y` (soak).
 */

const stage = await (isLong ? openStage(chosenScenes ?? PLAYED, 3) : openStage(['bad', 'approved'], 1));
afterAll(() => stage.lanes.close());

crashCases(stage);
// The others are of scenes of their own choice.
if (chosenScenes === undefined) {
  apiCases(stage);
  watchCases(stage);
  travelCases(stage);
  policyTravelCases(stage);
  restartCase(stage);
  tamperingCases(stage);
  leadershipCases(stage);
  clockCases(stage);
  soakCase(stage);
}

/** Who decides is proven by admission policies, which are read, and by a record of them in the operator's own namespace. */
function isAboutTrust({ verb, objectRef, requestURI }: AuditEvent): boolean {
  if (requestURI.startsWith('/apis/admissionregistration.k8s.io/'))
    return verb === 'list' || verb === 'watch';
  if (requestURI.startsWith('/apis/authentication.k8s.io/v1/selfsubjectreviews')) return true;
  const { resource, namespace, name = 'sluice-decision-trust' } = objectRef ?? {};
  return resource === 'configmaps' && namespace === 'sluice-system' && name === 'sluice-decision-trust';
}

test('S5: by the audit log of the API server, no operator has asked for anything outside its namespace', () => {
  const home = new Map(stage.lanes.opened.map(({ proxy, namespace }) => [proxy.name, namespace]));
  // The proxy adds its name to the user agent; the second of a pair is called after the first.
  const homeOf = (agent = ''): string | undefined => home.get(agent.replace(/^.* /, '').replace(/-b$/, ''));
  const asked = stage.lanes.world.cluster.audited().filter(({ userAgent }) => userAgent !== undefined);
  const outside = asked.filter((event) => {
    const at = homeOf(event.userAgent);
    return at === undefined || (event.objectRef?.namespace !== at && !isAboutTrust(event));
  });
  expect(asked.length).toBeGreaterThan(100);
  expect(outside.map(({ userAgent, requestURI }) => `${userAgent}: ${requestURI}`)).toEqual([]);
});

test('each right that the chart gives the operator is used in a scene in which a fault hits it', async () => {
  expect(missedRights(await chartRoles(stage.lanes.world.cluster))).toEqual([]);
});
