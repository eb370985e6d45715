/**
 * Workspaces without isolation: a plain checkout each, commands run directly in it.
 * Rule: only ever used where a person chose it explicitly; every result says `none`.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkoutTree } from '../git/checkout-tree.ts';
import { snapshotWorkTree } from '../git/snapshot-work-tree.ts';
import type { Setup } from './layers.ts';
import { SETUP_TIMEOUT_MS } from './layers.ts';
import { setupError } from './overlay-workspace.ts';
import { runDirectly } from './run-command.ts';
import type { CommandRequest, CommandResult } from './run-command.ts';
import { TOOLS_VARIABLE } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';
import type { Place, WorkspaceKind } from './workspace-kind.ts';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The kind of workspaces that nothing isolates. */
export function directWorkspaces(toolbox: Promise<Toolbox>): WorkspaceKind {
  const run = async (place: Place, request: CommandRequest): Promise<CommandResult> => {
    const { folder: tools } = await toolbox;
    const path = `${SYSTEM_PATH}:${tools}`;
    return await runDirectly(
      { folder: filesOf(place), path, home: homedir(), tools: { [TOOLS_VARIABLE]: tools } },
      request,
    );
  };
  return {
    kind: 'none',
    // Nothing is shared here: each workspace runs its setup itself.
    prepareSetup: async () => ({ kind: 'ready', folder: null, durationMs: 0, output: '' }),
    prepare: async ({ setup }) => ({ base: '', key: setup ? JSON.stringify([setup.command, setup.network]) : '' }),
    fill: async ({ store, setup }, place, commit) => {
      await checkoutTree(store, { commit, into: filesOf(place) });
      if (setup) await runSetup(async (request) => await run(place, request), setup);
    },
    run,
    checkpoint: async ({ store }, place, { parent, message }) => {
      const facts = { changed: 0, leftOut: {} };
      const made = await snapshotWorkTree(store, { workTree: filesOf(place), parent, message: message(facts) });
      return { ...facts, commit: made.commit, tree: made.tree };
    },
  };
}

async function runSetup(run: (request: CommandRequest) => Promise<CommandResult>, setup: Setup): Promise<void> {
  const { command, network, env, timeoutMs = SETUP_TIMEOUT_MS } = setup;
  const result = await run({ command, network, timeoutMs, profile: 'setup', ...(env ? { env } : {}) });
  if (result.outcome !== 'exited' || result.exitCode !== 0) throw setupError(command, { ...result, kind: 'failed' });
}

function filesOf({ folder }: Place): string {
  return join(folder, 'files');
}
