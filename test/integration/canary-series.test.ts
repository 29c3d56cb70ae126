import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseTemplate, placeholderVars } from '../../src/analysis/template.ts';
import type { Gate } from '../../src/api/v1alpha1/types.ts';
import type { KubeObject } from '../harness/api.ts';
import { apply, parseYaml } from '../harness/apply.ts';
import { installMonitoringCrds } from '../harness/crds.ts';
import { blocks, pageAt } from '../harness/docs.ts';
import { freePort } from '../harness/ports.ts';
import { type Prometheus, startPrometheus } from '../harness/prometheus.ts';
import { Run } from '../harness/run.ts';
import { sharedWorld } from '../harness/shared.ts';
import { until } from '../harness/until.ts';

/*
 * What docs/gates.md says under "Which series belong to the canary": its manifests are taken by the real API server, and
 * its scrape configuration gives series the labels by the real Prometheus, which is told of a pod in place of Kubernetes.
 */

const { cluster } = sharedWorld();
const NAMESPACE = 'canary-series';
const HASH = '6f8f4a3c2b';
const page = pageAt('docs/gates.md');
const [, section = ''] = /^## Which series belong to the canary\n([^]*?)^## /m.exec(page.text) ?? [];
const yaml = blocks({ ...page, text: section }, 'yaml').map((text) =>
  text.replaceAll('namespace: shop', `namespace: ${NAMESPACE}`),
);
const manifests = yaml.filter((text) => text.startsWith('apiVersion:')).flatMap((text) => parseYaml(text));
const isGate = (object: KubeObject): object is Gate & KubeObject => object.kind === 'Gate';

interface Job {
  job_name: string;
  kubernetes_sd_configs: object[];
}
const [job] = yaml
  .filter((text) => text.startsWith('scrape_configs:'))
  .flatMap((text) => (parse(text) as { scrape_configs: Job[] }).scrape_configs);

let run: Run;
let prometheus: Prometheus;

beforeAll(async () => {
  await cluster.createNamespace(NAMESPACE);
  await installMonitoringCrds(cluster.api);
  run = new Run();
  const port = await freePort();
  // What discovery says of a pod, in the form that it says it; nobody listens there, and `up` has the labels all the same.
  const labels = {
    __meta_kubernetes_namespace: 'shop',
    __meta_kubernetes_pod_name: `checkout-${HASH}-x7k2p`,
    __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
    __meta_kubernetes_pod_label_app: 'checkout',
    __meta_kubernetes_pod_label_rollouts_pod_template_hash: HASH,
  };
  const { kubernetes_sd_configs: _discovery, ...rest } = job ?? {};
  const found = { ...rest, static_configs: [{ targets: [`127.0.0.1:${port}`], labels }] };
  prometheus = await startPrometheus(run, [], [], [found]);
});
afterAll(() => run.close());

test('there are manifests of each kind, and a scrape configuration', () => {
  expect(manifests.map(({ kind }) => kind)).toEqual(['PodMonitor', 'ServiceMonitor', 'Gate']);
  expect(job?.kubernetes_sd_configs).toEqual([{ role: 'pod' }]);
});

test.each(manifests)('the API server takes the $kind', async (manifest) => {
  const taken = await apply(cluster.api, manifest);
  expect(taken.metadata.uid).toBeDefined();
});

describe('by the scrape configuration', () => {
  test("a series has the pod's hash, its namespace and its name, and no other label of the pod", async () => {
    const [sample] = await until('it was scraped', async () => {
      const samples = await prometheus.query('up');
      return samples.length > 0 && samples;
    });
    expect(sample?.metric).toEqual({
      __name__: 'up',
      instance: expect.any(String),
      job: job?.job_name,
      namespace: 'shop',
      pod: `checkout-${HASH}-x7k2p`,
      rollouts_pod_template_hash: HASH,
    });
  });

  test.each([
    [HASH, 1],
    ['another', 0],
  ])('the selector of the Gate by name finds the pods of revision %s only', async (canaryHash, count) => {
    const text = manifests.find(isGate)?.spec.prometheus?.query ?? '';
    const vars = { ...placeholderVars, targetNamespace: 'shop', rollout: 'checkout', canaryHash };
    const [selector = ''] = /\{[^}]*\}/.exec(parseTemplate(text).render(vars)) ?? [];
    expect(selector).toContain('pod=~');
    const bare = selector.replace(/,code=~"[^"]*"/, '');
    await until('it was scraped', async () => (await prometheus.query('up')).length > 0);
    expect(await prometheus.query(`up${bare}`)).toHaveLength(count);
  });
});
