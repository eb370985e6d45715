/**
 * Coxswain: the whole way of an agent's bytes through the product's own functions, from import to delivered branch.
 * Rule: this file adds no guard; people and models see exactly what the product shows them.
 */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { escapeForPeople } from '../../../src/core/text/escape.ts';
import { formatCheckpointMessage } from '../../../src/core/transcript.ts';
import type { Sha } from '../../../src/core/transcript.ts';
import { deliverBranch } from '../../../src/git/remote/deliver-branch.ts';
import { diffStat } from '../../../src/git/read/diff-stat.ts';
import { ensureCommit } from '../../../src/git/remote/fetch-commit.ts';
import { importBase } from '../../../src/git/remote/import-base.ts';
import { moveRef } from '../../../src/git/remote/move-ref.ts';
import { refSlug } from '../../../src/git/ref-name.ts';
import { openStore } from '../../../src/git/store.ts';
import type { Store } from '../../../src/git/store.ts';
import { applyPatchCommand } from '../../../src/sandbox/programs/apply-patch.ts';
import type { CommandRequest, CommandResult } from '../../../src/sandbox/command/request.ts';
import { findBubblewrap } from '../../../src/sandbox/bubblewrap/find-bubblewrap.ts';
import { probeIsolation } from '../../../src/sandbox/isolation/isolation.ts';
import type { Isolation } from '../../../src/sandbox/isolation/isolation.ts';
import { openWorkspaces } from '../../../src/sandbox/workspace/workspaces.ts';
import type { Workspace } from '../../../src/sandbox/workspace/workspaces.ts';
import { DELIVERED } from '../repository.ts';
import { runProgram } from '../run-program.ts';
import type { Ran } from '../run-program.ts';
import type { Prepared, Runner, Session, TrialPlaces } from '../runner.ts';

const AGENT = 'bench/agent';
const REF = `refs/coxswain/agents/${refSlug(AGENT)}/1`;

/** Limits below the defaults, which fit large builds; they are ample for this bench's daily work. */
const LIMITS = { memoryBytes: 1.75 * 1024 ** 3, temporaryBytes: 512 * 1024 ** 2 };

/** The chain that a step continues. */
interface Chain {
  store: Store;
  base: Sha;
  head: Sha;
  step: number;
}

/** Opens a Coxswain workspace on a base imported from the hostile repository. */
export const coxswain: Runner = {
  open: async (places, { bubblewrap = '', toolchains = '' }) => {
    const isolation = isolate(bubblewrap, toolchains);
    const store = await openStore({ dir: join(places.place, 'store.git') });
    const { commit: base } = await importBase(store, { repository: places.origin });
    const chain: Chain = { store, base, head: base, step: 0 };
    await moveRef(store, { ref: REF, to: base, from: null });
    const stateDir = join(places.place, 'state');
    const workspaces = openWorkspaces({ stateDir, isolation });
    const workspace = await workspaces.open({ id: AGENT, store, base, commit: base });
    // The worker's own helper processes run from here on, so that they are not mistaken for survivors of commands.
    await workspace.run({ command: 'true', profile: 'read-only', network: false, timeoutMs: 30_000 });
    const act = async (command: Pick<CommandRequest, 'command' | 'stdin'>, timeoutMs: number): Promise<Ran> =>
      await runStep(chain, workspace, { ...command, profile: 'workspace', network: false, timeoutMs, limits: LIMITS });
    return {
      opened: { store: store.dir, ref: REF, ...(await locate(join(stateDir, 'workspaces'))) },
      run: async (command, timeoutMs) => await act({ command: ['bash', '-c', command] }, timeoutMs),
      patch: async (patch) => await act(applyPatchCommand(patch), 10_000),
      finish: async (check, timeoutMs) => await finish({ chain, places, isolation, check, timeoutMs }),
      close: async () => await workspaces.close(),
    } satisfies Session;
  },
};

/** Bubblewrap with the toolchains of this machine, as a worker is configured; `toolchains` is a list as in a PATH. */
function isolate(path: string, toolchains: string): Isolation {
  return { kind: 'bwrap', path, toolchains: toolchains.split(':').filter((folder) => folder !== '') };
}

/** The paths of the workspace's upper folder and its lock on the host. */
async function locate(parent: string): Promise<{ workspace: string; lock: string }> {
  const [name = ''] = await readdir(parent);
  const generation = (await readdir(join(parent, name))).find((entry) => entry.startsWith('files-')) ?? '';
  return { workspace: join(parent, name, generation, 'files'), lock: join(parent, name, 'lock') };
}

/** Works as the activity `act`: the command, the checkpoint with its transcript, the ref by compare-and-swap. */
async function runStep(chain: Chain, workspace: Workspace, request: CommandRequest): Promise<Ran> {
  const result = await workspace.run(request);
  chain.step += 1;
  const key = `act/${chain.step}`;
  const made = await workspace.checkpoint({
    parent: chain.head,
    message: ({ leftOut }) => formatCheckpointMessage(describe(request), toEntry(key, result, leftOut)),
  });
  const moved = await moveRef(chain.store, { ref: REF, to: made.commit, from: chain.head });
  if (moved === 'lost') throw new Error(`${REF} was moved by somebody else`);
  chain.head = made.commit;
  return { exitCode: result.outcome === 'exited' ? result.exitCode : null, output: escapeForPeople(result.output) };
}

function describe({ command }: CommandRequest): string {
  return typeof command === 'string' ? command : command.join(' ');
}

function toEntry(
  key: string,
  result: CommandResult,
  leftOut: Record<string, number>,
): Parameters<typeof formatCheckpointMessage>[1] {
  const { exitCode, signal, durationMs, outputBytes, isolation, output } = result;
  const items = [{ kind: 'result' as const, callId: key, output }];
  const facts = { v: 1, kind: 'act', key, callId: key, tool: 'shell', decision: { by: 'bench', digest: '' } } as const;
  return { ...facts, exitCode, signal, durationMs, outputBytes, isolation, items, leftOut };
}

/** Delivers, hydrates the checkpoint from the hub on another host, runs the checks there, and shows the chain. */
async function finish({
  chain,
  places,
  isolation,
  check,
  timeoutMs,
}: {
  chain: Chain;
  places: TrialPlaces;
  isolation: Isolation;
  check: string | undefined;
  timeoutMs: number;
}): Promise<{ output: string; check?: Ran }> {
  const { store, base, head } = chain;
  const delivery = await deliverBranch(store, { repository: places.origin, branch: DELIVERED, commit: head });
  const away: Store = await openStore({ dir: join(places.elsewhere, 'store.git'), remote: store.dir });
  await ensureCommit(away, { commit: head, ref: REF });
  const elsewhere = openWorkspaces({ stateDir: join(places.elsewhere, 'state'), isolation });
  const there = await elsewhere.open({ id: AGENT, store: away, base, commit: head });
  const look = { profile: 'workspace', network: false, timeoutMs } as const;
  const looked = await there.run({ ...look, command: 'ls -la; git status; git diff; git log -1' });
  const [judged] =
    check === undefined
      ? []
      : await elsewhere.runChecks({ store: away, base, commit: head, checks: [check], timeoutMs });
  await elsewhere.close();
  const shown = [
    escapeForPeople(looked.output),
    escapeForPeople(JSON.stringify(delivery)),
    (await diffStat(store, { from: base, to: head })).text,
    // A person may look at a chain by plain git as well.
    (await runProgram('git', ['log', '-2', head], { cwd: store.dir, env: process.env, timeoutMs: 10_000 })).output,
  ];
  const output = shown.join('\n');
  return judged === undefined
    ? { output }
    : { output, check: { exitCode: judged.exitCode, output: escapeForPeople(judged.output) } };
}

/** Finds bubblewrap as the product does, and proves the sandbox with the product's own canaries. */
export async function prepareCoxswain(
  cacheDir: string,
  version: string,
  toolchains: readonly string[],
): Promise<Prepared> {
  const found = await findBubblewrap({ cacheDir });
  if (found.kind === 'missing') return { kind: 'absent', why: `${found.tried.join('; ')}. ${found.remedy}` };
  // If the probe refuses toolchains below the home folder, try without those.
  const lists = [toolchains, toolchains.filter((folder) => !folder.startsWith(homedir()))];
  const probes = await Promise.all(
    lists.map(async (list) => await probeIsolation(isolate(found.path, list.join(':')), cacheDir)),
  );
  const usable = lists[probes.findIndex(({ ok }) => ok)];
  if (!usable) return { kind: 'absent', why: JSON.stringify(probes.at(-1)) };
  return {
    kind: 'ready',
    version,
    configuration:
      `openWorkspaces with bubblewrap ${found.version}, profile workspace, no network; limits by default but for ` +
      `memory of ${LIMITS.memoryBytes / 1024 ** 2} MiB and temporary files of ${LIMITS.temporaryBytes / 1024 ** 2} MiB; toolchains ${usable.join(', ')}`,
    settings: { bubblewrap: found.path, toolchains: usable.join(':') },
  };
}
