import { setTimeout as delay } from 'node:timers/promises';

/** Waits in real time for a condition; the limit is generous because it is only met by a failing test. */
export async function until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; await delay(2)) {
    if (condition()) return;
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** Lets everything that is already under way over loopback happen: for asserting that something did not. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await delay(1);
}

/** What a promise is rejected with; for starting something that must fail and looking later. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Succeeded, and should not have');
}
