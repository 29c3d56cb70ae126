import { ApiError, TransportError } from '../kube/errors.ts';

/** What was asked for makes no sense, or cannot be done; says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** An error in the words that kubectl has for it (k8s.io/kubectl/pkg/cmd/util/helpers.go, StandardErrorMessage). */
export function inWords(error: unknown): string {
  if (error instanceof ApiError)
    return `Error from server${error.reason === '' ? '' : ` (${error.reason})`}: ${error.message}`;
  if (error instanceof TransportError && error.code === 'Connection')
    return `Unable to connect to the server: ${error.message}`;
  return `error: ${error instanceof Error ? error.message : String(error)}`;
}
