/** The repository of an image reference: without tag and digest, with the registry's port. */
export function repositoryOf(reference: string): string {
  const named = reference.split('@')[0] ?? '';
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  return colon < 0 ? named : named.slice(0, colon);
}

/** The digest that an image reference names, if it names one. */
export function digestOf(reference: string): string | undefined {
  return reference.split('@')[1];
}
