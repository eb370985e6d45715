/**
 * Runs the checks of one commit one after another, in a workspace that is thrown away.
 * Rule: each check finds every tracked file as the commit has it, whatever earlier checks wrote. Untracked files of
 * earlier checks stay, so that tests can use a build.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import { GITLINK, writeDifference } from '../../git/write/write-difference.ts';
import { carryUntracked } from '../trees/carry-untracked.ts';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import { baseFolders } from '../layers/layers.ts';
import { findChangedTracked, findDeleted } from '../trees/overlay.ts';
import type { Beyond } from '../trees/overlay.ts';
import type { WorkspaceOrigin, StaleSetup } from '../layers/prepared.ts';
import { isRunning } from '../processes/process-tree.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { SandboxError } from '../sandbox-error.ts';
import type { Generation, WorkspaceKind } from './kind.ts';

/** Checks to run on one commit. */
export interface ChecksRequest extends WorkspaceOrigin {
  commit: Sha;
  checks: readonly string[];
  /** Timeout of each check. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Called when a check begins; what it returns gets the check's output. */
  onBegin?: (command: string) => CommandRequest['onOutput'];
}

/** One check's result. `putBack`: the tracked files that the check changed and that were restored before the next. */
export type CheckResult = CommandResult & { command: string; staleSetup: StaleSetup | null; putBack: string[] };

/** Runs checks in a new folder below `folder`; stops after a check that was cancelled. */
export async function runChecks(folder: string, kind: WorkspaceKind, request: ChecksRequest): Promise<CheckResult[]> {
  await sweepChecks(folder);
  const { checks, commit, timeoutMs, signal } = request;
  const { base, setup, staleSetup = null, failedSetup } = await kind.prepare({ ...request, sees: 'tree' });
  if (failedSetup) return checks.map((command) => redBySetup(kind, command, failedSetup));
  const place = {
    folder: join(folder, `${process.pid}-${randomBytes(6).toString('hex')}`),
    base,
    ...(setup === undefined ? {} : { setup }),
  };
  await mkdir(place.folder);
  try {
    await kind.fill(request, place, commit);
    const results: CheckResult[] = [];
    let beyond: Promise<Beyond | undefined> | undefined;
    for (const command of checks) {
      const limits = { profile: 'workspace', network: false, timeoutMs, ...(signal ? { signal } : {}) } as const;
      const onOutput = request.onBegin?.(command);
      const result = await kind.run(place, { command, ...limits, ...(onOutput ? { onOutput } : {}) });
      const made: CheckResult = { ...result, command, staleSetup, putBack: [] };
      results.push(made);
      if (result.outcome === 'cancelled' || results.length === checks.length) break;
      beyond ??= layBeyond(place, request);
      made.putBack = await putBack(kind, place, { request, beyond: await beyond });
    }
    return results;
  } finally {
    for (const end of ['', ASIDE, TREE]) await removeTree(`${place.folder}${end}`);
  }
}

/** Endings of folders next to a workspace: its former files, and the commit's files that differ from the base. */
const ASIDE = '-aside';
const TREE = '-tree';

/** Restores every tracked file to the commit's version, and returns the paths of those that were changed. */
async function putBack(
  kind: WorkspaceKind,
  place: Generation,
  { request, beyond }: { request: ChecksRequest; beyond: Beyond | undefined },
): Promise<string[]> {
  const changed = findChangedTracked(baseFolders(place.base).base, await kind.walk(place), beyond);
  if (changed.length === 0) return [];
  const aside = `${place.folder}${ASIDE}`;
  await rename(place.folder, aside);
  await mkdir(place.folder);
  await kind.fill(request, place, request.commit);
  await carryUntracked(request, { from: join(aside, 'files'), to: join(place.folder, 'files') });
  await removeTree(aside);
  return changed.map((path) => Buffer.from(path, 'latin1').toString('utf8'));
}

/** Writes the commit's difference to its base into a folder, to compare with. */
async function layBeyond(place: Generation, { store, base, commit }: ChecksRequest): Promise<Beyond | undefined> {
  if (commit === base) return undefined;
  const files = `${place.folder}${TREE}`;
  await mkdir(files);
  const nothing = async (): Promise<void> => await Promise.resolve();
  await writeDifference(store, { from: base, to: commit, into: files, markDeleted: nothing });
  const changed = await diffTrees(store, { from: base, to: commit });
  const written = changed.filter(({ status, mode }) => status !== 'D' && mode !== GITLINK);
  return {
    files,
    deleted: await findDeleted(store, { base, commit, checkout: baseFolders(place.base).base }),
    inPlace: new Set(written.map(({ rawPath }) => rawPath.toString('latin1'))),
  };
}

/** The result where the setup fails on this commit: red, since a check with another commit's setup proves nothing. */
function redBySetup({ kind }: WorkspaceKind, command: string, { message }: SandboxError): CheckResult {
  const output = `not run: on this commit, ${message}\n`;
  return {
    command,
    // A shell's exit status for a program that can't be run.
    exitCode: 126,
    signal: null,
    outcome: 'exited',
    output,
    outputBytes: Buffer.byteLength(output),
    outputDigest: createHash('sha256').update(output).digest('hex'),
    durationMs: 0,
    isolation: kind,
    staleSetup: null,
    putBack: [],
  };
}

/** Removes the folders of dead workers' checks. A folder's name starts with its worker's process id. */
export async function sweepChecks(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number.parseInt(name, 10);
    if (!isRunning(pid)) await removeTree(join(folder, name));
  }
}
