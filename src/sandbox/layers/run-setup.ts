/**
 * Runs a setup command in the sandbox with the network that policy grants it.
 * Rule: whatever is granted, the sandbox has no network at all but for a socket to a proxy outside, which judges every
 * host and address; nothing that an agent wrote decides what is granted.
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

/** A repository's preparation: run once a host over the base, its result shared read-only by workspaces and checks. */
export interface SetupRequest {
  command: string;
  network: NetworkGrant;
  env?: Record<string, string>;
  /** Installing dependencies may take long; without a limit a hanging registry would hold up everything. */
  timeoutMs?: number;
  /** What ends it: the stop of whoever asks. Who waits for the same setup then runs it anew. */
  signal?: AbortSignal | undefined;
}

/** Half an hour for a first `npm ci` or `mvn` of a large project behind a slow mirror. */
export const SETUP_TIMEOUT_MS = 30 * 60_000;

/** From source or compiled: node tells by the suffix. */
const relayFile = `egress-relay-program.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
const relayInside = `${SANDBOX_TOOLS}/${relayFile}`;
const socketInside = '/run/coxswain/proxy';

/** Runs the setup over these layers; `hosts` is there when a network was granted. */
export async function runSetup(
  root: SandboxRoot,
  layers: Layers,
  { command, network, env = {}, timeoutMs = SETUP_TIMEOUT_MS, signal }: SetupRequest,
  more: readonly Bind[] = [],
): Promise<{ result: CommandResult; hosts?: HostUse[] }> {
  const limits = { env, timeoutMs, profile: 'setup', network: false, ...(signal ? { signal } : {}) } as const;
  if (network === false)
    return { result: await runInSandbox(root, { layers, request: { ...limits, command }, binds: [...more] }) };
  // A socket's path may have a hundred bytes only, which a state folder's can exceed.
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
