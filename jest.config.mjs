// Five projects: `unit` is pure code and stays fast because nothing in it loads
// client-node; `kube` may load it; `integration` runs on the local
// control plane; `faults` too, with something broken in every test; `argocd` beside the real
// Argo CD, which is only built for it, so that it is no part of `make test`.
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/jest/strip-types.cjs' },
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/test/jest/generous-limits.mjs'],
};
const kube = ['<rootDir>/src/kube/.*\\.test\\.ts$', '<rootDir>/src/operator\\.test\\.ts$'];

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/test/unit'],
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: kube,
    },
    {
      ...common,
      displayName: 'kube',
      roots: ['<rootDir>/src'],
      testRegex: kube.map((p) => p.replace('<rootDir>/', '')),
      setupFiles: ['<rootDir>/test/jest/client-node-first.mjs'],
    },
    {
      ...common,
      displayName: 'integration',
      roots: ['<rootDir>/test/integration'],
      testMatch: ['**/*.test.ts'],
      globalSetup: '<rootDir>/test/jest/world-setup.mjs',
      globalTeardown: '<rootDir>/test/jest/world-teardown.mjs',
      setupFiles: ['<rootDir>/test/jest/client-node-first.mjs'],
    },
    {
      ...common,
      displayName: 'faults',
      roots: ['<rootDir>/test/faults'],
      testMatch: ['**/*.test.ts'],
      globalSetup: '<rootDir>/test/jest/world-setup.mjs',
      globalTeardown: '<rootDir>/test/jest/world-teardown.mjs',
      setupFiles: ['<rootDir>/test/jest/client-node-first.mjs'],
    },
    {
      ...common,
      displayName: 'argocd',
      roots: ['<rootDir>/test/argocd'],
      testMatch: ['**/*.test.ts'],
      globalSetup: '<rootDir>/test/jest/argocd-setup.mjs',
      globalTeardown: '<rootDir>/test/jest/world-teardown.mjs',
    },
  ],
};
