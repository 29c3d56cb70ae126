import { build } from 'esbuild';

/*
 * Each a file from src/ and what it imports, dist/main.js and dist/kubectl-sluice.js: the first needs no node_modules, starts in half the time, and its
 * heap at rest is half of what it was. Most of that was client-node: its index loads the API classes and models of all
 * of Kubernetes, 20 MB of source that no request of ours passes through (docs/design/2026-11-26-one-file.md).
 */
const CLIENT_NODE = '@kubernetes/client-node';

const USED_BY_US = `
export { KubeConfig } from '${CLIENT_NODE}/dist/config.js';
export { HttpMethod, RequestContext, ResponseContext } from '${CLIENT_NODE}/dist/gen/http/http.js';
export { IsomorphicFetchHttpLibrary } from '${CLIENT_NODE}/dist/gen/http/isomorphic-fetch.js';
`;

/** The base class of the operator makes a configuration and a client, which src/operator.ts replaces and takes away. */
const USED_BY_BASE_CLASS = `
exports.KubeConfig = class { loadFromDefault() {} makeApiClient() {} };
`;

/** @type {import('esbuild').Plugin} */
const onlyWhatIsUsed = {
  name: 'only-what-is-used-of-client-node',
  setup(bundler) {
    bundler.onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ kind }) => {
      const isBaseClass = kind === 'require-call';
      return { path: isBaseClass ? 'used-by-base-class' : 'used-by-us', namespace: CLIENT_NODE };
    });
    bundler.onLoad({ filter: /./, namespace: CLIENT_NODE }, ({ path }) => ({
      contents: path === 'used-by-us' ? USED_BY_US : USED_BY_BASE_CLASS,
      resolveDir: import.meta.dirname,
    }));
    // Its modules only declare things, which its package.json does not say: what is not used of them can go.
    bundler.onResolve({ filter: /^\./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === 'again' || !importer.includes(`/node_modules/${CLIENT_NODE}/`)) return undefined;
      const found = await bundler.resolve(path, { importer, kind, resolveDir, pluginData: 'again' });
      return { ...found, sideEffects: false };
    });
  },
};

/** The operator, and the plugin for kubectl beside it. */
const [, , directory = 'dist'] = process.argv;

await build({
  entryPoints: { main: 'src/main.ts', 'kubectl-sluice': 'src/cli/main.ts' },
  outdir: directory,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  plugins: [onlyWhatIsUsed],
  // CommonJS packages ask for Node's own modules with it.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  // V8 keeps the source as text, with two bytes for each character where one of them is beyond Latin-1 (in a comment,
  // say), and an index of its lines. Names stay, and lines are short enough for a stack trace to point at something.
  minifyWhitespace: true,
  lineLimit: 140,
  // For profiles; Node does not look for it.
  sourcemap: 'external',
  logLevel: 'warning',
});
