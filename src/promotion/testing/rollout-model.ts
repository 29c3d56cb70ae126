import type { PodTemplate, ReplicaSet, Rollout } from '../../delivery/rollout/types.ts';
import { fingerprint } from '../../runtime/hash.ts';

/** Pods of a revision that is fully up. */
export const REPLICAS = 5;
const ownerOf = ({ name, uid }: Rollout['metadata']) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  name,
  uid,
  controller: true,
});

/** A ReplicaSet of the model; its objects are made from it. */
interface Pods {
  replicas: number;
  template: Rollout['spec']['template'];
}

/**
 * The Argo Rollouts controller, as far as it was measured on the real one, in steps so small that a
 * test can put anything between them: the generation is stamped before the template is handled, a
 * template change throws away abort, promoteFull and pauses, promoteFull beats abort, spec.paused
 * keeps pods where they are.
 */
export class RolloutModel {
  readonly rollout: Rollout;
  readonly pods = new Map<string, Pods>();
  /** Several worlds have it: whoever changes it first makes a copy. */
  isShared = false;
  protected readonly replicas: number;

  constructor(
    template: PodTemplate,
    steps: NonNullable<NonNullable<Rollout['spec']['strategy']>['canary']>['steps'],
    name = 'checkout',
    replicas = REPLICAS,
  ) {
    this.replicas = replicas;
    const hash = fingerprint(template);
    this.rollout = {
      metadata: {
        name,
        namespace: 'shop',
        uid: `${name}-rollout-uid`,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: { 'rollout.argoproj.io/revision': '1' },
      },
      spec: {
        replicas,
        template: structuredClone(template),
        // Its own: a test edits it in place, as a stranger does.
        strategy: { canary: { steps: structuredClone(steps ?? []) } },
      },
      status: {
        observedGeneration: '1',
        phase: 'Healthy',
        currentPodHash: hash,
        stableRS: hash,
        currentStepIndex: steps?.length ?? 0,
      },
    };
    this.pods.set(hash, { replicas, template: structuredClone(template) });
  }

  /** This one if nobody else has it, else a copy that may be changed. */
  own(): this {
    if (!this.isShared) return this;
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this;
    const pods = new Map([...this.pods].map(([hash, p]) => [hash, { ...p }]));
    const { metadata, spec, status } = this.rollout;
    // What is deeper is replaced where it changes, and never changed in place.
    const rollout = { ...this.rollout, metadata: { ...metadata }, spec: { ...spec }, status: { ...status } };
    return Object.assign(copy, this, { rollout, pods, isShared: false });
  }

  /** The objects as the cache would hold them: copies. */
  objects(): { rollout: Rollout; replicaSets: ReplicaSet[] } {
    const replicaSets = [...this.pods].map(
      ([hash, { replicas, template }]): ReplicaSet => ({
        metadata: {
          name: `${this.rollout.metadata.name}-${hash}`,
          namespace: 'shop',
          uid: hash,
          resourceVersion: '1',
          creationTimestamp: '2026-01-01T00:00:00Z',
          labels: { 'rollouts-pod-template-hash': hash },
          ownerReferences: [ownerOf(this.rollout.metadata)],
        },
        spec: { replicas, template: structuredClone(template) ?? {} },
        status: { replicas, readyReplicas: replicas },
      }),
    );
    return { rollout: structuredClone(this.rollout), replicaSets };
  }

  /** Percent of pods on the revision that is declared stable or not: what traffic gets without a router. */
  canaryPercent(): number {
    const { currentPodHash, stableRS } = this.status;
    if (currentPodHash === stableRS) return 0;
    const canary = this.pods.get(currentPodHash ?? '')?.replicas ?? 0;
    const all = [...this.pods.values()].reduce((sum, p) => sum + p.replicas, 0);
    return all === 0 ? 0 : (100 * canary) / all;
  }

  protected get status(): NonNullable<Rollout['status']> {
    this.rollout.status ??= {};
    return this.rollout.status;
  }

  /** Scales one pod towards the wanted number; true when it was there already. */
  protected scale(hash: string | undefined, wanted: number): boolean {
    const pods = this.pods.get(hash ?? '');
    if (!pods || pods.replicas === wanted) return true;
    pods.replicas += Math.sign(wanted - pods.replicas);
    return false;
  }

  protected refuses: (template: Rollout['spec']['template']) => boolean = () => false;

  /** Templates that the controller calls InvalidSpec. */
  refuse(refuses: (template: Rollout['spec']['template']) => boolean): void {
    this.refuses = refuses;
  }

  /** One small step of the controller. */
  tick(): void {
    const { spec, metadata } = this.rollout;
    const status = this.status;
    if (Number(status.observedGeneration) !== metadata.generation) {
      // Measured: the generation is stamped in a write of its own, with the old hash still in place.
      status.observedGeneration = String(metadata.generation);
      return;
    }
    const refused = this.refuses(spec.template);
    status.conditions = refused ? [{ type: 'InvalidSpec', status: 'True', message: 'refused' }] : [];
    if (refused) {
      status.phase = 'Degraded';
      return;
    }
    const hash = fingerprint(spec.template);
    if (status.currentPodHash !== hash) return this.takeTemplate(hash);
    if (spec.paused) {
      if (status.abort) status.phase = 'Degraded';
      return;
    }
    if (status.currentPodHash === status.stableRS) return this.settle();
    if (status.promoteFull) return this.promoteIfFull();
    if (status.abort) return this.goBack();
    this.walk();
  }

  protected takeTemplate(hash: string): void {
    const status = this.status;
    if (!this.pods.has(hash))
      this.pods.set(hash, { replicas: 0, template: structuredClone(this.rollout.spec.template) });
    const steps = this.rollout.spec.strategy?.canary?.steps ?? [];
    Object.assign(status, {
      currentPodHash: hash,
      abort: false,
      promoteFull: false,
      controllerPause: false,
      currentStepIndex: hash === status.stableRS ? steps.length : 0,
      phase: 'Progressing',
    });
    delete status.pauseConditions;
  }

  protected settle(): void {
    const status = this.status;
    status.abort = false;
    status.promoteFull = false;
    const done = [...this.pods.keys()].map((h) => this.scale(h, h === status.stableRS ? this.replicas : 0));
    status.phase = done.every(Boolean) ? 'Healthy' : 'Progressing';
  }

  protected goBack(): void {
    const status = this.status;
    status.phase = 'Degraded';
    status.currentStepIndex = 0;
    status.controllerPause = false;
    delete status.pauseConditions;
    for (const h of this.pods.keys()) this.scale(h, h === status.stableRS ? this.replicas : 0);
  }

  protected promoteIfFull(): void {
    const status = this.status;
    status.phase = 'Progressing';
    if (!this.scale(status.currentPodHash, this.replicas)) return;
    status.stableRS = status.currentPodHash ?? '';
    status.currentStepIndex = this.rollout.spec.strategy?.canary?.steps?.length ?? 0;
    status.promoteFull = false;
    status.controllerPause = false;
    delete status.pauseConditions;
  }

  protected walk(): void {
    const status = this.status;
    const steps = this.rollout.spec.strategy?.canary?.steps ?? [];
    const index = status.currentStepIndex ?? 0;
    const step = steps[index];
    if (!step) return this.promoteIfFull();
    status.phase = 'Progressing';
    if (step.setWeight !== undefined) {
      const canary = Math.ceil((this.replicas * step.setWeight) / 100);
      const there = this.scale(status.currentPodHash, canary);
      if (this.scale(status.stableRS, this.replicas - canary) && there) status.currentStepIndex = index + 1;
      return;
    }
    if (status.controllerPause && !status.pauseConditions?.length) {
      status.controllerPause = false;
      status.currentStepIndex = index + 1;
      return;
    }
    status.phase = 'Paused';
    status.controllerPause = true;
    status.pauseConditions = [{ reason: 'CanaryPauseStep', startTime: '2026-01-01T00:00:00Z' }];
  }
}
