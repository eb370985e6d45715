/**
 * The place where a decision is open: namespace, repository, the workflow's first run, and its current run.
 * Rule: every run has its own place. A `temporal workflow reset` makes another run, so that a decision signed before a
 * reset can't be sent again after it.
 */

export interface Place {
  namespace: string;
  /** The repository's address in one spelling. */
  repository: string;
  /** Id of the workflow's first run. It stays when the run continues as new. */
  firstRun: string;
  /** Id of the current run. It changes with a reset, and when the run continues as new. */
  run: string;
}

/** One spelling of a repository's address: scheme and host in lower case, without `.git` and slashes at the end. */
export function canonicalRepository(address: string): string {
  const plain = address
    .trim()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  return plain.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/]*)/i, (_, scheme: string, host: string) =>
    `${scheme}${host}`.toLowerCase(),
  );
}
