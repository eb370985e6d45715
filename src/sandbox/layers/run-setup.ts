/**
 * Runs a setup command in the sandbox with the network that policy grants it.
 * Rule: even then the sandbox has no network, only a socket to a proxy outside, which checks every host and address.
 * Nothing that an agent wrote decides what is granted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostUse, NetworkGrant } from '../../core/egress.ts';
import { openProxy } from '../../egress/open-proxy.ts';
import type { CommandResult } from '../command/request.ts';
import type { Bind, Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import { runInSandbox } from '../command/run-command.ts';
import { SANDBOX_TOOLS } from '../bubblewrap/toolbox.ts';

/** A repository's setup. It runs once a host over the base; workspaces and checks share the result read-only. */
export interface SetupRequest {
  command: string;
  network: NetworkGrant;
  env?: Record<string, string>;
  /** Default `SETUP_TIMEOUT_MS`. Without a limit, a hanging registry would block everything. */
  timeoutMs?: number;
  /** Ends the setup for this caller. Another caller that waits for the same setup then runs it anew. */
  signal?: AbortSignal | undefined;
}

/** Half an hour: enough for a large project's first `npm ci` or `mvn` behind a slow mirror. */
export const SETUP_TIMEOUT_MS = 30 * 60_000;

/** Node tells by the suffix whether the program is compiled. */
const relayFile = `egress-relay-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
const relayInside = `${SANDBOX_TOOLS}/${relayFile}`;
const socketInside = '/run/coxswain/proxy';

/** Runs the setup over these layers. `hosts` is set if network was granted. */
export async function runSetup(
  root: SandboxRoot,
  layers: Layers,
  { command, network, env = {}, timeoutMs = SETUP_TIMEOUT_MS, signal }: SetupRequest,
  more: readonly Bind[] = [],
): Promise<{ result: CommandResult; hosts?: HostUse[] }> {
  const limits = { env, timeoutMs, profile: 'setup', network: false, ...(signal ? { signal } : {}) } as const;
  if (network === false)
    return { result: await runInSandbox(root, { layers, request: { ...limits, command }, binds: [...more] }) };
  // In the temporary folder: a socket's path may have only about a hundred bytes, and the state folder's may be longer.
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-egress-'));
  try {
    const path = join(folder, 'proxy');
    const proxy = await openProxy({ path, hosts: network });
    try {
      const request = {
        ...limits,
        command: [`${SANDBOX_TOOLS}/node`, '--no-warnings', relayInside, socketInside, command],
      };
      const binds = [
        ...more,
        { source: fileURLToPath(new URL(`../programs/${relayFile}`, import.meta.url)), target: relayInside },
        { source: path, target: socketInside },
      ];
      const result = await runInSandbox(root, { layers, request, binds });
      await proxy.close();
      return { result, hosts: proxy.uses() };
    } finally {
      await proxy.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
