/**
 * A store: a bare repository that holds chains. It is the hub itself, or a host's cache of a hub elsewhere.
 * Rule: nothing in a store is ever collected or rewritten by git on its own.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from './git-failure.ts';
import { runGit, streamGit } from './run-git.ts';

/** With no `remote`, `dir` is the hub; with one, `dir` caches it and refs live there. */
export interface Store {
  readonly dir: string;
  readonly remote?: string;
}

const SETTINGS: readonly [string, string][] = [
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['receive.autogc', 'false'],
  ['core.logAllRefUpdates', 'false'],
  ['uploadpack.allowFilter', 'true'],
  ['uploadpack.allowAnySHA1InWant', 'true'],
  // Stores lend objects to workspaces: nothing may be pruned from under them.
  ['extensions.preciousObjects', 'true'],
  ['core.repositoryFormatVersion', '1'],
];

const opened = new Map<string, Promise<void>>();

/** Opens a store, making it where it is missing; any number of processes may do so at once. */
export async function openStore(store: Store): Promise<Store> {
  if (!existsSync(join(store.dir, 'HEAD'))) {
    const making = opened.get(store.dir) ?? create(store.dir).finally(() => opened.delete(store.dir));
    opened.set(store.dir, making);
    await making;
  }
  return store;
}

/** Makes the store beside its place and renames it there: it is whole or it is not there. */
async function create(dir: string): Promise<void> {
  try {
    await mkdir(dirname(dir), { recursive: true });
    const fresh = await mkdtemp(join(dirname(dir), '.new-'));
    await runGit(fresh, ['init', '--quiet', '--bare', '--initial-branch=main']);
    for (const [name, value] of SETTINGS) await runGit(fresh, ['config', name, value]);
    // Files are stored byte for byte, whatever a tree's own attributes say.
    await mkdir(join(fresh, 'info'), { recursive: true });
    await writeFile(join(fresh, 'info/attributes'), '* -text -ident -filter -working-tree-encoding -eol\n');
    await rename(fresh, dir).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      // Another process was faster: its store is as good as ours.
      if (!existsSync(join(dir, 'HEAD'))) throw error;
    });
  } catch (error) {
    if (error instanceof GitFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GitFailure(
      /EROFS|EACCES|EPERM/.test(reason) ? 'read-only' : 'failed',
      `the store at ${dir} can't be made: ${reason}`,
    );
  }
}

/** The tree of a commit. */
export async function treeOf(store: Store, commit: Sha): Promise<Sha> {
  return (await runGit(store.dir, ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`])).trim() as Sha;
}

/** Whether the store has an object. */
async function hasObject(store: Store, id: Sha): Promise<boolean> {
  const { status } = await streamGit(store.dir, ['cat-file', '-e', id], { expected: [1, 128] });
  return status === 0;
}

/** Fetches a commit from the hub if the store lacks it. */
export async function ensureCommit(store: Store, { commit, ref }: { commit: Sha; ref?: string }): Promise<void> {
  if (await hasObject(store, commit)) return;
  if (store.remote === undefined) {
    throw new GitFailure('missing-base', `commit ${commit} is not in the hub at ${store.dir}: push it there first`);
  }
  const fetch = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    '--end-of-options',
    store.remote,
  ];
  if (ref !== undefined) {
    await runGit(store.dir, [...fetch, ref]).catch(() => undefined);
    if (await hasObject(store, commit)) return;
  }
  await runGit(store.dir, [...fetch, commit]);
}
