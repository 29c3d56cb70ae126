import { pauseReason, SCALE_DOWN_DELAY_SECONDS, type StrategyView } from './strategy.ts';
import { BLUE_GREEN_PAUSE, type BlueGreenStrategy, type Rollout } from './types.ts';

/** What keeps a blue-green from waiting for a verdict before it switches, each with its fix. */
function unjudgeable({ autoPromotionEnabled, autoPromotionSeconds }: BlueGreenStrategy): string[] {
  const problems: string[] = [];
  if (autoPromotionEnabled !== false)
    problems.push(
      'its blue-green switches by itself, before any gate could judge: set blueGreen.autoPromotionEnabled to false',
    );
  if (autoPromotionSeconds)
    problems.push(
      `its blue-green counts on switching after ${autoPromotionSeconds} s: remove blueGreen.autoPromotionSeconds and set analysis.minStepSeconds`,
    );
  return problems;
}

/**
 * A blue-green as a canary of one step: step 0 waits while the new pods run beside the old ones
 * without users' traffic, and after it the active Service has been switched.
 */
export function blueGreenOf(rollout: Rollout, spec: BlueGreenStrategy): StrategyView {
  const { blueGreen, currentPodHash = '' } = rollout.status ?? {};
  const active = blueGreen?.activeSelector ?? '';
  const switched = active === currentPodHash;
  return {
    step: switched ? 1 : 0,
    steps: 1,
    stepsOf: {
      activeService: spec.activeService,
      autoPromotionEnabled: spec.autoPromotionEnabled,
      autoPromotionSeconds: spec.autoPromotionSeconds,
    },
    pauses: [0],
    waiting: !switched && pauseReason(rollout) === BLUE_GREEN_PAUSE,
    weight: switched ? 100 : 0,
    nextWeight: 100,
    // An empty selector is nobody's hash: it proves nothing.
    traffic: { by: 'Selector', shares: [{ hash: active, percent: 100 }], verified: true },
    scaleDownDelaySeconds: spec.scaleDownDelaySeconds ?? SCALE_DOWN_DELAY_SECONDS,
    problems: [],
    unjudgeable: unjudgeable(spec),
    warnings: spec.previewService
      ? []
      : [
          'it has no blueGreen.previewService, so the new pods get no requests before the switch: add one, and send test traffic to it',
        ],
  };
}
