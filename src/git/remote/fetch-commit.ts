/**
 * Fetches a commit from the hub into a store that lacks it.
 * Rule: moves no ref of the hub, and never fetches again the history that an earlier fetch brought.
 */
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../git-failure.ts';
import { nameRef } from './hub-refs.ts';
import { isStored } from '../objects/read-object.ts';
import { HUB } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import { runRemote } from './run-remote.ts';
import type { Remote } from './run-remote.ts';
import type { Store } from '../store.ts';

/** Whether the store has an object. */
export async function hasObject(store: Store, id: Sha): Promise<boolean> {
  const known = await isStored(store, id);
  if (known !== undefined) return known;
  const { status } = await streamGit(store.dir, ['cat-file', '-e', id], { expected: [1, 128] });
  return status === 0;
}

/** Fetches a commit from the hub if the store lacks it; by `ref` first, since some hubs serve no commit ids. */
export async function ensureCommit(store: Store, { commit, ref }: { commit: Sha; ref?: string }): Promise<void> {
  if (await hasObject(store, commit)) return;
  if (store.remote === undefined) {
    throw new GitFailure('missing-base', `commit ${commit} is not in the hub at ${store.dir}: push it there first`);
  }
  if (ref !== undefined) await fetchInto(store, HUB, await nameRef(store, ref)).catch(() => undefined);
  if (ref === undefined || !(await hasObject(store, commit))) await fetchInto(store, HUB, commit);
  await rememberCommit(store, commit);
}

/** Fetches refs or commits with their history, from full and shallow repositories. Moves no ref. */
export async function fetchInto(store: Store, remote: Remote, ...sources: string[]): Promise<void> {
  const options = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--update-shallow'];
  await runRemote(store, ['fetch', '--progress', ...options], remote, sources);
}

/**
 * Keeps a fetched commit by a ref, so that later fetches don't bring its whole history again. There are only 256 such
 * refs: they are hints, and whichever commits they keep, these share nearly all of the history.
 */
export async function rememberCommit(store: Store, commit: Sha): Promise<void> {
  const ref = `refs/coxswain/seen/${commit.slice(0, 2)}`;
  await streamGit(store.dir, ['update-ref', '--no-deref', ref, commit]).catch(() => undefined);
}
