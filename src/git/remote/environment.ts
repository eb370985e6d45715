/**
 * The part of a worker's environment that git gets for remote repositories.
 * Rule: git gets no other variable of the worker.
 */

/** Variables with which git, ssh and curl find keys, proxies and certificates. */
export const REMOTE_VARIABLES = [
  'SSH_AUTH_SOCK',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'GIT_ASKPASS',
  'SSH_ASKPASS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
];

export function readRemoteEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    // Names of proxy variables are also common in lower case.
    Object.entries(env).flatMap(([name, value]) =>
      value && REMOTE_VARIABLES.includes(name.toUpperCase()) ? [[name, value]] : [],
    ),
  );
}
