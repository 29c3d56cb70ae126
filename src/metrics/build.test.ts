import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createBuildInfo } from './build.ts';
import { VERSION } from '../runtime/version.ts';

test('the version is that of package.json, and a metric', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(VERSION).toBe(version);
  const registry = new Registry();
  createBuildInfo(registry);
  expect(await registry.metrics()).toContain(`sluice_build_info{version="${version}"} 1\n`);
});
