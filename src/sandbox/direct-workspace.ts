/**
 * Workspaces without isolation: a plain checkout each, commands run directly in it.
 * Rule: only ever used where a person chose it explicitly; every result says `none`.
 */
import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutTree } from '../git/checkout-tree.ts';
import { diffTrees } from '../git/diff-trees.ts';
import { snapshotWorkTree } from '../git/snapshot-work-tree.ts';
import type { SetupOutcome } from './layers.ts';
import { setupError } from './overlay-workspace.ts';
import { removeTree } from './remove-tree.ts';
import { runDirectly } from './run-command.ts';
import type { CommandRequest, CommandResult } from './run-command.ts';
import { SETUP_TIMEOUT_MS } from './run-setup.ts';
import type { Setup } from './run-setup.ts';
import { TOOLS_VARIABLE } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';
import type { Origin, Place, WorkspaceKind } from './workspace-kind.ts';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The kind of workspaces that nothing isolates. */
export function directWorkspaces(toolbox: Promise<Toolbox>): WorkspaceKind {
  const run: Run = async (place, request) => {
    const { folder: tools } = await toolbox;
    const path = `${SYSTEM_PATH}:${tools}`;
    return await runDirectly(
      { folder: filesOf(place), path, home: homedir(), tools: { [TOOLS_VARIABLE]: tools } },
      request,
    );
  };
  const tried = new Map<string, SetupOutcome>();
  return {
    kind: 'none',
    // Nothing is shared here: each workspace runs its setup itself. This run only shows what becomes of it.
    prepareSetup: async (origin) => {
      const key = `${origin.base} ${keyOf(origin.setup)}`;
      const known = tried.get(key);
      if (known) return known;
      const outcome = await trySetup(run, origin);
      if (outcome.kind === 'ready') tried.set(key, outcome);
      return outcome;
    },
    prepare: async ({ setup }) => ({ base: '', key: setup ? keyOf(setup) : '' }),
    fill: async ({ store, setup }, place, commit) => {
      await checkoutTree(store, { commit, into: filesOf(place) });
      if (!setup) return;
      const result = await runSetup(run, place, setup);
      if (!isGreen(result)) throw setupError(setup.command, { ...result, kind: 'failed' });
    },
    run,
    checkpoint: async ({ store }, place, { parent, message }) => {
      const facts = { changed: 0, leftOut: {} };
      const made = await snapshotWorkTree(store, { workTree: filesOf(place), parent, message: message(facts) });
      return { ...facts, commit: made.commit, tree: made.tree };
    },
  };
}

type Run = (place: Place, request: CommandRequest) => Promise<CommandResult>;

async function runSetup(run: Run, place: Place, { command, network, env, timeoutMs }: Setup): Promise<CommandResult> {
  const limits = {
    // Nothing is kept from the network here, so a list of hosts can't be either.
    network: network !== false,
    timeoutMs: timeoutMs ?? SETUP_TIMEOUT_MS,
    profile: 'setup',
    ...(env ? { env } : {}),
  } as const;
  return await run(place, { command, ...limits });
}

/** Runs setup in a checkout that is thrown away. */
async function trySetup(run: Run, { store, base, setup }: Origin & { setup: Setup }): Promise<SetupOutcome> {
  const place = { folder: await mkdtemp(join(tmpdir(), 'coxswain-setup-')), base: '' };
  try {
    await checkoutTree(store, { commit: base, into: filesOf(place) });
    const result = await runSetup(run, place, setup);
    const { exitCode, output, durationMs } = result;
    if (!isGreen(result)) return { kind: 'failed', exitCode, output };
    const after = await snapshotWorkTree(store, { workTree: filesOf(place), parent: base, message: 'setup' });
    const changed = await diffTrees(store, { from: base, to: after.commit });
    const paths = changed.filter(({ status }) => status !== 'A').map(({ path }) => path);
    return paths.length > 0 ? { kind: 'changed-tracked', paths } : { kind: 'ready', folder: null, durationMs, output };
  } finally {
    await removeTree(place.folder);
  }
}

function isGreen({ outcome, exitCode }: CommandResult): boolean {
  return outcome === 'exited' && exitCode === 0;
}

function keyOf({ command, network, env = {} }: Setup): string {
  return JSON.stringify([command, network, env]);
}

function filesOf({ folder }: Place): string {
  return join(folder, 'files');
}
