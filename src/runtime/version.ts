import project from '../../package.json' with { type: 'json' };

/** The version of operator and plugin alike: package.json's when it was built, since the bundle holds it. */
export const VERSION: string = project.version;
