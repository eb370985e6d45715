/**
 * Reads refs of the hub.
 * Rule: with a remote, the remote's word counts and never a local copy.
 */
import type { Sha } from '../core/transcript.ts';
import { runGit, streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Where a ref of the hub stands; null when there is none. */
export async function readRef(store: Store, ref: string): Promise<Sha | null> {
  if (store.remote !== undefined) {
    const listed = await runGit(store.dir, ['ls-remote', '--refs', '--end-of-options', store.remote, ref]);
    return (listed
      .split('\n')
      .find((line) => line.endsWith(`\t${ref}`))
      ?.split('\t')[0] ?? null) as Sha | null;
  }
  const { status, output } = await streamGit(store.dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', ref], {
    expected: [1],
  });
  return status === 0 ? (output.toString().trim() as Sha) : null;
}
