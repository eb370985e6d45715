/**
 * Names the refs of a repository in the hub. A repository with its own hub has `refs/coxswain/…`; in a shared hub it
 * has its own folder, `refs/coxswain/<slug>/…`.
 * Rule: a ref of a run that began before these folders existed stays at its old name, and is found by either name.
 */
import type { Sha } from '../../core/transcript.ts';
import { HUB } from '../reach.ts';
import { readLocalRef } from '../refs/local-ref.ts';
import { streamGit } from '../run-git.ts';
import { listRemote } from './run-remote.ts';
import type { Store } from '../store.ts';

/** The folder of all our refs. */
export const REFS = 'refs/coxswain/';

/** A ref's name in this repository's folder. */
export function placeRef({ space }: Store, ref: string): string {
  return space === undefined || !ref.startsWith(REFS) ? ref : `${REFS}${space}/${ref.slice(REFS.length)}`;
}

/** The name under which a ref is written. It is looked up only in a shared hub, where there may be two. */
export async function nameRef(store: Store, ref: string): Promise<string> {
  return placeRef(store, ref) === ref ? ref : (await findRef(store, ref)).ref;
}

/** A ref's name and commit. If there is no such ref: the name for a new one, and null. */
export async function findRef(store: Store, ref: string): Promise<{ ref: string; at: Sha | null }> {
  const placed = placeRef(store, ref);
  const here = await findLocalRef(store, placed, ref);
  if (here) return here;
  const found = await listHub(store, placed === ref ? [ref] : [placed, ref]);
  const at = found.get(placed);
  if (at !== undefined) return { ref: placed, at };
  const before = found.get(ref);
  return before === undefined ? { ref: placed, at: null } : { ref, at: before };
}

/** The same in a hub on this host without starting git; undefined where git has to be asked. */
async function findLocalRef(
  store: Store,
  placed: string,
  ref: string,
): Promise<{ ref: string; at: Sha | null } | undefined> {
  if (store.remote !== undefined) return undefined;
  const at = await readLocalRef(store, placed);
  if (at !== null || placed === ref) return at === undefined ? undefined : { ref: placed, at };
  const before = await readLocalRef(store, ref);
  if (before === undefined) return undefined;
  return before === null ? { ref: placed, at: null } : { ref, at: before };
}

/** Refs of the hub with these names or below them, by their names in the hub. The result may contain more. */
export async function listHub(store: Store, names: readonly string[]): Promise<Map<string, Sha>> {
  if (store.remote !== undefined)
    return await listRemote(
      store,
      HUB,
      names.flatMap((name) => [name, `${name}/*`]),
    );
  const args = ['for-each-ref', '--format=%(refname)%09%(objectname)', '--', ...names];
  const { output } = await streamGit(store.dir, args);
  return new Map(
    output
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t') as [string, Sha]),
  );
}
