/**
 * Reads refs of the hub.
 * Rule: with a remote, the remote's word counts and never a local copy.
 */
import type { Sha } from '../core/transcript.ts';
import { HUB } from './reach.ts';
import { streamGit } from './run-git.ts';
import { listRemote } from './run-remote.ts';
import type { Store } from './store.ts';

/** Where a ref of the hub stands; null when there is none. */
export async function readRef(store: Store, ref: string): Promise<Sha | null> {
  return (await list(store, ref)).get(ref) ?? null;
}

/** All refs of the hub below a folder of refs, such as `refs/coxswain/agents`, by their names. */
export async function listRefs(store: Store, folder: string): Promise<{ ref: string; at: Sha }[]> {
  const refs = await list(store, folder);
  return [...refs].flatMap(([ref, at]) => (ref.startsWith(`${folder}/`) ? [{ ref, at }] : []));
}

/** Refs that are named so or lie below, and perhaps more. */
async function list(store: Store, name: string): Promise<Map<string, Sha>> {
  if (store.remote !== undefined) return await listRemote(store, HUB, [name, `${name}/*`]);
  const args = ['for-each-ref', '--format=%(refname)%09%(objectname)', '--', name];
  const { output } = await streamGit(store.dir, args);
  return new Map(
    output
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t') as [string, Sha]),
  );
}
