import type { Clock } from '../runtime/clock.ts';
import { presentable, type Sample } from './sample.ts';

/**
 * Runs `evaluate` and answers its sample. Never rejects: whatever is thrown is an Error sample. Settles when
 * `controller` aborts, which it does after `timeoutMs`, even when `evaluate` pays no heed to its signal.
 */
export async function takeSample(
  evaluate: (signal: AbortSignal) => Promise<Sample>,
  controller: AbortController,
  clock: Clock,
  timeoutMs: number,
): Promise<Sample> {
  const [at, started] = [clock.now(), clock.monotonic()];
  const timer = clock.after(timeoutMs, () =>
    controller.abort(new Error(`no answer within ${timeoutMs / 1000} s`)),
  );
  try {
    return await Promise.race([evaluate(controller.signal), cutBy(controller.signal)]);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it threw something';
    const message = presentable(`The gate could not be evaluated: ${why}`);
    return { at, verdict: 'Error', message, query: '', tookMs: clock.monotonic() - started };
  } finally {
    timer.cancel();
  }
}

function cutBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cut = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('cut short'));
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}
