/**
 * Brings a commit from the hub into a store that lacks it.
 * Rule: it moves no ref of the hub; what was fetched once is not fetched again with its whole history.
 */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import { nameRef } from './hub-refs.ts';
import { HUB } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import { runRemote } from './run-remote.ts';
import type { Remote } from './run-remote.ts';
import type { Store } from '../store.ts';

/** Whether the store has an object. One that lies there as a file of its own, as new commits do, is seen at once. */
export async function hasObject(store: Store, id: Sha): Promise<boolean> {
  if (existsSync(join(store.dir, 'objects', id.slice(0, 2), id.slice(2)))) return true;
  const { status } = await streamGit(store.dir, ['cat-file', '-e', id], { expected: [1, 128] });
  return status === 0;
}

/** Fetches a commit from the hub if the store lacks it; `ref` says where it is to be found, for hubs that want one. */
export async function ensureCommit(store: Store, { commit, ref }: { commit: Sha; ref?: string }): Promise<void> {
  if (await hasObject(store, commit)) return;
  if (store.remote === undefined) {
    throw new GitFailure('missing-base', `commit ${commit} is not in the hub at ${store.dir}: push it there first`);
  }
  if (ref !== undefined) await fetchInto(store, HUB, await nameRef(store, ref)).catch(() => undefined);
  if (ref === undefined || !(await hasObject(store, commit))) await fetchInto(store, HUB, commit);
  await remember(store, commit);
}

/** Fetches refs or commits with their history, from full and shallow repositories alike. Moves no ref. */
export async function fetchInto(store: Store, remote: Remote, ...sources: string[]): Promise<void> {
  const options = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--update-shallow'];
  await runRemote(store, ['fetch', '--progress', ...options], remote, sources);
}

/**
 * Keeps a fetched commit in sight of later fetches, which would otherwise bring its whole history again. A bounded
 * number of places, since it is a hint: whichever commits are in them, they share nearly all of the history.
 */
export async function remember(store: Store, commit: Sha): Promise<void> {
  const ref = `refs/coxswain/seen/${commit.slice(0, 2)}`;
  await streamGit(store.dir, ['update-ref', '--no-deref', ref, commit]).catch(() => undefined);
}
