/**
 * Where refs of the hub are. In a hub of its own a repository's are at `refs/coxswain/…`; in one that it shares with
 * others they are at `refs/coxswain/<slug>/…`, so that what belongs to another repository can be told apart.
 * Rule: a ref of a run that began before there were such folders stays where it is, whichever name is asked for.
 */
import type { Sha } from '../../core/transcript.ts';
import { HUB } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import { listRemote } from './run-remote.ts';
import type { Store } from '../store.ts';

/** Where all refs of ours are. */
export const REFS = 'refs/coxswain/';

/** The place of a ref for this repository. */
export function placeRef({ space }: Store, ref: string): string {
  return space === undefined || !ref.startsWith(REFS) ? ref : `${REFS}${space}/${ref.slice(REFS.length)}`;
}

/** The name by which a ref is written: looked up only where it may have two. */
export async function nameRef(store: Store, ref: string): Promise<string> {
  return placeRef(store, ref) === ref ? ref : (await findRef(store, ref)).ref;
}

/** Where a ref stands, and under which name; the name for a new one where there is none. */
export async function findRef(store: Store, ref: string): Promise<{ ref: string; at: Sha | null }> {
  const placed = placeRef(store, ref);
  const found = await listHub(store, placed === ref ? [ref] : [placed, ref]);
  const at = found.get(placed);
  if (at !== undefined) return { ref: placed, at };
  const before = found.get(ref);
  return before === undefined ? { ref: placed, at: null } : { ref, at: before };
}

/** Refs of the hub that are named so or lie below, by their names there, and perhaps more. */
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
