/**
 * Reads refs of the hub.
 * Rule: for a hub elsewhere, the hub itself is asked, never a local copy.
 */
import type { Sha } from '../../core/transcript.ts';
import { findRef, listHub } from './hub-refs.ts';
import type { Store } from '../store.ts';

/** The commit of a ref of the hub; null if there is no such ref. */
export async function readRef(store: Store, ref: string): Promise<Sha | null> {
  return (await findRef(store, ref)).at;
}

/** All refs of the hub below a folder of refs, such as `refs/coxswain/agents`, with their names in the hub. */
export async function listRefs(store: Store, folder: string): Promise<{ ref: string; at: Sha }[]> {
  const refs = await listHub(store, [folder]);
  return [...refs].flatMap(([ref, at]) => (ref.startsWith(`${folder}/`) ? [{ ref, at }] : []));
}
