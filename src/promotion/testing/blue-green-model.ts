import type { PodTemplate } from '../../delivery/rollout/types.ts';
import { RolloutModel } from './rollout-model.ts';

/**
 * The Argo Rollouts controller with a blue-green that does not switch by itself, as it was measured: the
 * stable pods are kept, the new ones come up beside them and stay after an abort, and the switch and the
 * new stable revision are two steps.
 */
export class BlueGreenModel extends RolloutModel {
  constructor(template: PodTemplate, name?: string, replicas?: number) {
    super(template, undefined, name, replicas);
    this.rollout.spec.strategy = {
      blueGreen: { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false },
    };
    const hash = this.status.stableRS ?? '';
    delete this.status.currentStepIndex;
    this.status.blueGreen = { activeSelector: hash, previewSelector: hash };
  }

  /** Hash of the revision that users get. */
  get active(): string | undefined {
    return this.status.blueGreen?.activeSelector;
  }

  protected switchTo(hash: string | undefined): void {
    this.status.blueGreen = { ...this.status.blueGreen, activeSelector: hash ?? '' };
  }

  protected override takeTemplate(hash: string): void {
    super.takeTemplate(hash);
    delete this.status.currentStepIndex;
    this.status.blueGreen = { ...this.status.blueGreen, previewSelector: hash };
  }

  protected override settle(): void {
    const { status } = this;
    status.abort = false;
    status.promoteFull = false;
    status.phase = 'Progressing';
    if (!this.scale(status.stableRS, this.replicas)) return;
    this.switchTo(status.stableRS);
    status.phase = 'Healthy';
    for (const hash of this.pods.keys()) if (hash !== status.stableRS) this.scale(hash, 0);
  }

  /** Only while the new pods are all there does an abort switch back. */
  protected override goBack(): void {
    const { status } = this;
    status.phase = 'Degraded';
    status.controllerPause = false;
    delete status.pauseConditions;
    if (this.pods.get(status.currentPodHash ?? '')?.replicas === this.replicas)
      this.switchTo(status.stableRS);
  }

  protected override promoteIfFull(): void {
    const { status } = this;
    status.phase = 'Progressing';
    if (!this.scale(status.currentPodHash, this.replicas)) return;
    status.controllerPause = false;
    delete status.pauseConditions;
    if (this.active !== status.currentPodHash) return this.switchTo(status.currentPodHash);
    status.stableRS = status.currentPodHash ?? '';
    status.promoteFull = false;
  }

  protected override walk(): void {
    const { status } = this;
    status.phase = 'Progressing';
    if (!this.scale(status.currentPodHash, this.replicas)) return;
    const unpaused = status.controllerPause && !status.pauseConditions?.length;
    if (unpaused || this.active === status.currentPodHash) return this.promoteIfFull();
    status.phase = 'Paused';
    status.controllerPause = true;
    status.pauseConditions = [{ reason: 'BlueGreenPause', startTime: '2026-01-01T00:00:00Z' }];
  }
}
