/** Where a release goes. Nothing of it is known to this repository: whoever releases says it. */
export interface Names {
  /** On GitHub, `owner/name`. */
  repository: string;
  /** The image without its tag, `registry/owner/sluice`. */
  image: string;
  /** Where charts are pushed to, `oci://registry/owner/charts`. */
  charts: string;
  /** The package on npm, with its scope. */
  npmPackage: string;
}

/** What `make release VERSION=x.y.z` was asked for. */
export interface Options {
  version: string;
  /** Builds all that is local, and prints what would be run to publish it. */
  dryRun: boolean;
  /** Whether npm is to sign where the plugin was built, which it can in a workflow of GitHub only. */
  provenance: boolean;
  /** In a dry run, those that were not given are their variables, as a shell would show them. */
  names: Names;
}

interface Place {
  variable: string;
  form: RegExp;
  example: string;
}

/** In lower case where registries insist on it. */
const PLACES: Readonly<Record<keyof Names, Place>> = {
  repository: { variable: 'REPOSITORY', form: /^[\w.-]+\/[\w.-]+$/, example: 'acme/sluice' },
  image: { variable: 'IMAGE', form: /^[a-z0-9.:-]+(\/[a-z0-9._-]+)+$/, example: 'ghcr.io/acme/sluice' },
  charts: {
    variable: 'CHARTS',
    form: /^oci:\/\/[a-z0-9.:-]+(\/[a-z0-9._-]+)*$/,
    example: 'oci://ghcr.io/acme/charts',
  },
  npmPackage: {
    variable: 'NPM_PACKAGE',
    form: /^(@[a-z0-9._-]+\/)?[a-z0-9._-]+$/,
    example: '@acme/kubectl-sluice',
  },
};

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/**
 * Reads what was asked for from environment variables, which is how make hands them on.
 * @throws Error that names every variable that is missing or wrong, with an example.
 */
export function optionsFrom(env: Readonly<Record<string, string | undefined>>): Options {
  const version = env['VERSION'] ?? '';
  const dryRun = !['', '0'].includes(env['DRY_RUN'] ?? '');
  const provenance = env['PROVENANCE'] !== '0';
  const wrong: string[] = [];
  if (!SEMVER.test(version)) wrong.push(`VERSION is a version without v, such as 0.2.0, not "${version}"`);
  const nameOf = (key: keyof Names): string => {
    const { variable, form, example } = PLACES[key];
    const given = env[variable] ?? '';
    if (given === '' && dryRun) return `$${variable}`;
    if (!form.test(given))
      wrong.push(
        `${variable} is ${given === '' ? 'missing' : `"${given}"`}: set it, such as ${variable}=${example}`,
      );
    return given;
  };
  const names = {
    repository: nameOf('repository'),
    image: nameOf('image'),
    charts: nameOf('charts'),
    npmPackage: nameOf('npmPackage'),
  };
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return { version, dryRun, provenance, names };
}
