/**
 * Reads refs of the hub.
 * Rule: with a remote, the remote's word counts and never a local copy.
 */
import type { Sha } from '../../core/transcript.ts';
import { findRef, listHub } from './hub-refs.ts';
import type { Store } from '../store.ts';

/** Where a ref of the hub stands; null when there is none. */
export async function readRef(store: Store, ref: string): Promise<Sha | null> {
  return (await findRef(store, ref)).at;
}

/** All refs of the hub below a folder of refs, such as `refs/coxswain/agents`, by their names there. */
export async function listRefs(store: Store, folder: string): Promise<{ ref: string; at: Sha }[]> {
  const refs = await listHub(store, [folder]);
  return [...refs].flatMap(([ref, at]) => (ref.startsWith(`${folder}/`) ? [{ ref, at }] : []));
}
