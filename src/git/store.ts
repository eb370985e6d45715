/**
 * A store: a bare repository with chains. It is the hub itself, or a host's cache of a hub that is elsewhere.
 * Rule: git never collects or rewrites anything in a store on its own, and leftovers of killed calls are swept by age.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GitFailure, kindOf } from './git-failure.ts';
import type { Person } from './person.ts';
import type { Access } from './reach.ts';
import { streamGit } from './run-git.ts';
import { sweepStore } from './sweep-store.ts';

/** Without `remote`, `dir` is the hub. With `remote`, that is the hub, which has the refs, and `dir` is its cache. */
export interface Store {
  readonly dir: string;
  readonly remote?: string;
  /** Variables of the worker that remotes need, such as `SSH_AUTH_SOCK` or a proxy. Git gets no others. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The repository's folder of refs in a hub that several repositories share; undefined if the hub is its own. */
  readonly space?: string;
  /** Author and committer of commits that no person made; Coxswain if left out. */
  readonly committer?: Person;
  /** Which repositories may be reached; undefined: all, where only the worker's operator names them. */
  readonly access?: Access;
}

/** Written as text, since each `git config` would be a process. */
const CONFIG = `[core]
\tlogAllRefUpdates = false
\t# A checkpoint that was reported as stored survives a power failure; one flush for all its objects.
\tfsync = committed
\tfsyncMethod = batch
[gc]
\tauto = 0
[maintenance]
\tauto = false
[fetch]
\t# As one pack, which is whole or absent: a killed fetch could leave loose commits without their trees.
\tunpackLimit = 1
[receive]
\tautogc = false
\t# A base from a shallow clone is accepted: its delivered branch goes to a repository that has the parents.
\tshallowUpdate = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[extensions]
\t# Workspaces borrow objects from stores, so none may be pruned.
\tpreciousObjects = true
`;
/** Files are stored byte for byte, whatever a tree's own attributes say. */
const ATTRIBUTES = '* -text -ident -filter -working-tree-encoding -eol\n';

const making = new Map<string, Promise<void>>();
const swept = new Set<string>();

/** Opens a store, and makes it if it is missing. Several processes may do so at once. */
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

/** Makes the store under a temporary name and renames it, so that it is whole or absent. */
async function create(dir: string): Promise<void> {
  try {
    await makeFolder(dirname(dir));
    const fresh = await mkdtemp(`${dir}.new-`);
    // No template: the machine's could contain hooks.
    await streamGit(fresh, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']);
    await streamGit(fresh, ['config', 'core.repositoryFormatVersion', '1']);
    await appendFile(join(fresh, 'config'), CONFIG);
    await mkdir(join(fresh, 'info'), { recursive: true });
    await writeFile(join(fresh, 'info/attributes'), ATTRIBUTES);
    await rename(fresh, dir).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      // If another process was faster, its store is as good.
      if (!existsSync(join(dir, 'HEAD'))) throw error;
    });
  } catch (error) {
    if (error instanceof GitFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    // A path where no folder can be made needs a person, whatever the reason.
    const isBarred = /^(EROFS|EACCES|EPERM|ENOENT|ENOTDIR|EEXIST)\b/.test(reason);
    const kind = isBarred ? 'read-only' : kindOf(reason.replace('ENOSPC', 'no space left'));
    throw new GitFailure(kind, `the store at ${dir} can't be made: ${reason}`, { words: reason });
  }
}

/**
 * Makes a folder and its parents, for this user alone. Node's recursive `mkdir` never ends where a folder can't have
 * subfolders, as in `/proc`.
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
