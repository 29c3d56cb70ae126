/** What a release is told, whole. */
export const GIVEN = {
  VERSION: '1.2.3',
  REPOSITORY: 'acme/sluice',
  IMAGE: 'registry.example/acme/sluice',
  CHARTS: 'oci://registry.example/acme/charts',
  NPM_PACKAGE: '@acme/kubectl-sluice',
};
