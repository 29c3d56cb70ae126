import { ensureKubernetes, ensurePrometheus } from '../../test/harness/programs/ensure.ts';
import type { Recipe } from './archive.ts';
import { NOBODY, rootfs } from './rootfs.ts';

/** Prometheus, of the program that the tests use. */
export async function prometheusRecipe(): Promise<Recipe> {
  return {
    name: 'localhost/prometheus:local',
    files: rootfs({ prometheus: await ensurePrometheus() }),
    entrypoint: ['/prometheus'],
    user: `${NOBODY}:${NOBODY}`,
  };
}

/** The Argo Rollouts controller likewise; user and place are those of the project's own image. */
export async function rolloutsRecipe(): Promise<Recipe> {
  const { rollouts } = await ensureKubernetes();
  return {
    name: 'localhost/argo-rollouts:local',
    files: [...rootfs({ 'bin/rollouts-controller': rollouts }), { path: 'home/argo-rollouts' }],
    entrypoint: ['/bin/rollouts-controller'],
    user: '999',
    workdir: '/home/argo-rollouts',
  };
}
