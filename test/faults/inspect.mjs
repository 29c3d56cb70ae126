// Loaded before the operator (`node --expose-gc --import`): at SIGUSR2 it collects garbage and writes what is left of
// the heap, and what keeps the process busy, into the file named by SLUICE_TEST_INSPECT. What keeps no process alive
// (the operator's timers, connections that idle) is not in the latter: /metrics counts it.
import { renameSync, writeFileSync } from 'node:fs';
import { timerLists } from '../harness/timer-lists.ts';

const file = process.env.SLUICE_TEST_INSPECT;

process.on('SIGUSR2', () => {
  // The second pass takes what only the finalizers of the first let go.
  globalThis.gc();
  globalThis.gc();
  const resources = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  resources.TimersList = timerLists();
  const { heapUsed, rss } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, rss, resources }));
  renameSync(`${file}.new`, file);
});
