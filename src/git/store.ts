/**
 * A store: a bare repository that holds chains. It is the hub itself, or a host's cache of a hub elsewhere.
 * Rule: nothing in a store is ever collected or rewritten by git on its own, and what a kill left is swept by its age.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { GitFailure, kindOf } from './git-failure.ts';
import type { Access } from './reach.ts';
import { runGit, streamGit } from './run-git.ts';
import { sweepStore } from './sweep-store.ts';

/** With no `remote`, `dir` is the hub; with one, `dir` caches it and refs live there. */
export interface Store {
  readonly dir: string;
  readonly remote?: string;
  /** What of the worker's environment remotes need, such as `SSH_AUTH_SOCK` or a proxy; git sees no more of it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The repository's folder among the refs of a hub that is shared; undefined where the hub is its own. */
  readonly space?: string;
  /** Which repositories may be reached from here; all where nobody else chooses them. */
  readonly access?: Access;
}

/** Written as text, since each `git config` is a process. */
const CONFIG = `[core]
\tlogAllRefUpdates = false
\t# A checkpoint that was told as stored survives the loss of power; in one go for all its objects.
\tfsync = committed
\tfsyncMethod = batch
[gc]
\tauto = 0
[maintenance]
\tauto = false
[fetch]
\t# As one pack, which is there or not: loose objects of a killed fetch would be commits without their trees.
\tunpackLimit = 1
[receive]
\tautogc = false
\t# A base from a shallow clone is as good as any: what is delivered goes back to where its parents are.
\tshallowUpdate = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[extensions]
\t# Stores lend objects to workspaces: nothing may be pruned from under them.
\tpreciousObjects = true
`;
/** Files are stored byte for byte, whatever a tree's own attributes say. */
const ATTRIBUTES = '* -text -ident -filter -working-tree-encoding -eol\n';

const making = new Map<string, Promise<void>>();
const swept = new Set<string>();

/** Opens a store, making it where it is missing; any number of processes may do so at once. */
export async function openStore(store: Store): Promise<Store> {
  const dir = resolve(store.dir);
  if (!existsSync(join(dir, 'HEAD'))) {
    const made = making.get(dir) ?? create(dir).finally(() => making.delete(dir));
    making.set(dir, made);
    await made;
  }
  if (!swept.has(dir)) {
    swept.add(dir);
    await sweepStore(dir);
  }
  return { ...store, dir };
}

/** Makes the store beside its place and renames it there: it is whole or it is not there. */
async function create(dir: string): Promise<void> {
  try {
    await makeFolder(dirname(dir));
    const fresh = await mkdtemp(`${dir}.new-`);
    // No template: it would bring hooks and whatever else the machine has there.
    await streamGit(fresh, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']);
    await streamGit(fresh, ['config', 'core.repositoryFormatVersion', '1']);
    await appendFile(join(fresh, 'config'), CONFIG);
    await mkdir(join(fresh, 'info'), { recursive: true });
    await writeFile(join(fresh, 'info/attributes'), ATTRIBUTES);
    await rename(fresh, dir).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      // Another process was faster: its store is as good as ours.
      if (!existsSync(join(dir, 'HEAD'))) throw error;
    });
  } catch (error) {
    if (error instanceof GitFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    // A place that does not take a folder, for whichever reason, is one for a person to mend.
    const isBarred = /^(EROFS|EACCES|EPERM|ENOENT|ENOTDIR|EEXIST)\b/.test(reason);
    const kind = isBarred ? 'read-only' : kindOf(reason.replace('ENOSPC', 'no space left'));
    throw new GitFailure(kind, `the store at ${dir} can't be made: ${reason}`, { words: reason });
  }
}

/**
 * Makes a folder and those above it, for this user alone. Node's own way never ends where a folder takes none, as those
 * of `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (existsSync(path)) return;
    const isOrphan = error instanceof Error && 'code' in error && error.code === 'ENOENT' && !existsSync(dirname(path));
    if (!isOrphan) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/**
 * Trees of commits that were asked for or made here, by store and commit. Neither can change, and each is asked for
 * several times a step, by a process every time.
 */
const trees = new Map<string, Sha>();
/** A step needs two or three. */
const MAX_TREES = 1000;

/** The tree of a commit. */
export async function treeOf(store: Store, commit: Sha): Promise<Sha> {
  const known = trees.get(`${store.dir} ${commit}`);
  if (known) return known;
  const args = ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`];
  const tree = (await runGit(store.dir, args)).trim() as Sha;
  noteTree(store, { commit, tree });
  return tree;
}

/** Keeps the tree of a commit that was just made, for whoever asks next. */
export function noteTree(store: Store, { commit, tree }: { commit: Sha; tree: Sha }): void {
  trees.set(`${store.dir} ${commit}`, tree);
  const [oldest] = trees.keys();
  if (trees.size > MAX_TREES && oldest !== undefined) trees.delete(oldest);
}
