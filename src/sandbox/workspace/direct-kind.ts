/**
 * Workspaces without our sandbox: each is a plain folder, and commands run directly in it.
 * Rule: used only where a person chose it explicitly. Every result says `none`, or `external` where that person says
 * that the worker itself runs in a container or VM.
 */
import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import { excludeLeftovers } from '../layers/exclude-leftovers.ts';
import { loadMarks } from '../files/file-marks.ts';
import type { ExternalIsolation } from '../isolation/isolation.ts';
import { openBaseLayers } from '../layers/layers.ts';
import type { BaseLayers, SetupOutcome } from '../layers/layers.ts';
import type { BaseContent } from '../files/lfs-layer.ts';
import { findChangedTracked } from '../trees/overlay.ts';
import { copyLayers, walkPlain } from '../trees/plain-files.ts';
import { plainFiles, plainFolders } from './plain-kind.ts';
import type { WorkspaceOrigin } from '../layers/prepared.ts';
import { removeTree } from '../files/remove-tree.ts';
import { runDirectly } from '../command/run-command.ts';
import { SETUP_TIMEOUT_MS } from '../layers/run-setup.ts';
import type { SetupRequest } from '../layers/run-setup.ts';
import { setupError } from '../layers/setup-error.ts';
import { TOOLS_VARIABLE } from '../bubblewrap/toolbox.ts';
import type { Toolbox } from '../bubblewrap/toolbox.ts';
import type { Generation, WorkspaceKind } from './kind.ts';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Workspaces without our sandbox. */
export function directWorkspaces(
  toolbox: Promise<Toolbox>,
  stateDir: string,
  isolation: ExternalIsolation | { kind: 'none' },
): WorkspaceKind {
  const { kind } = isolation;
  const inNamespace =
    isolation.kind === 'external' && isolation.pidNamespace ? { pidNamespace: isolation.pidNamespace } : {};
  const run: Run = async (place, request) => {
    const { folder: tools } = await toolbox;
    const path = `${SYSTEM_PATH}:${tools}`;
    const folder = plainFolders(place).upper;
    const direct = {
      isolation: kind,
      folder,
      path,
      home: homedir(),
      tools: { [TOOLS_VARIABLE]: tools },
      ...inNamespace,
    };
    return await runDirectly(direct, request);
  };
  const bases = openBaseLayers(stateDir);
  // Files that a setup makes may contain the path of its folder, so each workspace runs its own setup.
  const setUp = async (place: Generation, { store, setup }: WorkspaceOrigin, commit: Sha): Promise<void> => {
    if (!setup) return;
    const result = await runSetup(run, place, setup);
    if (!isGreen(result)) throw setupError(setup.command, { ...result, kind: 'failed' });
    const { git, upper } = plainFolders(place);
    await removeTree(join(upper, '.git'));
    await copyLayers([git], upper);
    await excludeLeftovers({ store, tracked: commit }, upper);
  };
  const tried = new Map<string, SetupOutcome>();
  return {
    ...plainFiles({ setUp }),
    kind,
    // Workspaces share no setup here: this run only shows whether it works.
    prepareSetup: async (origin) => {
      const key = `${origin.base} ${origin.names ?? ''} ${keyOf(origin.setup, origin.content)}`;
      const known = tried.get(key);
      if (known) return known;
      const outcome = await trySetup(run, bases, origin);
      if (outcome.kind === 'ready') tried.set(key, outcome);
      return outcome;
    },
    prepare: async (request) => ({
      base: await bases.base(request),
      key: request.setup ? keyOf(request.setup, request.content) : (request.content?.key ?? ''),
    }),
    run,
  };
}

type Run = (place: Generation, request: CommandRequest) => Promise<CommandResult>;

async function runSetup(
  run: Run,
  place: Generation,
  { command, env, timeoutMs, signal }: SetupRequest,
): Promise<CommandResult> {
  const limits = {
    // Has no effect here: commands have the worker's own network.
    network: false,
    timeoutMs: timeoutMs ?? SETUP_TIMEOUT_MS,
    profile: 'setup',
    ...(env ? { env } : {}),
    ...(signal ? { signal } : {}),
  } as const;
  const result = await run(place, { command, ...limits });
  if (result.outcome === 'cancelled') throw signal?.reason ?? new Error('the setup was cancelled');
  return result;
}

/** Runs the setup in a copy of the base that is thrown away. */
async function trySetup(
  run: Run,
  bases: BaseLayers,
  origin: WorkspaceOrigin & { setup: SetupRequest },
): Promise<SetupOutcome> {
  const { base, setup } = origin;
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-setup-'));
  const place = { folder, base: await bases.base(origin) };
  const folders = plainFolders(place);
  try {
    await plainFiles({}).fill(origin, place, base);
    const result = await runSetup(run, place, setup);
    const { exitCode, output, durationMs } = result;
    if (!isGreen(result)) return { kind: 'failed', exitCode, output };
    const paths = findChangedTracked(folders.base, await walkPlain(folders, await loadMarks(folders.marks)));
    return paths.length > 0 ? { kind: 'changed-tracked', paths } : { kind: 'ready', folder: null, durationMs, output };
  } finally {
    await removeTree(folder);
  }
}

function isGreen({ outcome, exitCode }: CommandResult): boolean {
  return outcome === 'exited' && exitCode === 0;
}

function keyOf({ command, network, env = {} }: SetupRequest, content: BaseContent | undefined): string {
  return JSON.stringify([command, network, env, ...(content === undefined ? [] : [content.key])]);
}
