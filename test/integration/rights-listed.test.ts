import { beforeAll, describe, expect, test } from '@jest/globals';
import { documentedRights, listedRights } from '../harness/rights-listed.ts';
import { sharedWorld } from '../harness/shared.ts';

/*
 * What an auditor is told: the rights that the API server lists for the operator's account are those of the tables in
 * charts/sluice/README.md, all of them and no others.
 */

const { cluster } = sharedWorld();
const NAMESPACE = 'rights-listed';

beforeAll(() => cluster.createNamespace(NAMESPACE));

describe('the rights that the API server lists for the operator are those on record', () => {
  test('in a namespace that it works in', async () => {
    expect(await listedRights(cluster, NAMESPACE)).toEqual(documentedRights('its namespaces', 'the cluster'));
  });

  test("in the release's namespace", async () => {
    expect(await listedRights(cluster, 'sluice-system')).toEqual(
      documentedRights('its namespaces', 'the cluster', "the release's namespace"),
    );
  });
});
