/**
 * Moves a ref of the hub by compare-and-swap.
 * Rule: exactly one of several racers wins, and whoever had won already is told so again.
 */
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from './git-failure.ts';
import { readRef } from './read-ref.ts';
import { runGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Moves `ref` to `to` if it stands at `from` (null: if it is not there). A hub that can't be written throws. */
export async function moveRef(
  store: Store,
  { ref, to, from }: { ref: string; to: Sha; from: Sha | null },
): Promise<'moved' | 'lost'> {
  try {
    if (store.remote === undefined)
      await runGit(store.dir, ['update-ref', '--no-deref', ref, to, from ?? '0'.repeat(to.length)]);
    else
      await runGit(store.dir, [
        'push',
        '--quiet',
        `--force-with-lease=${ref}:${from ?? ''}`,
        '--end-of-options',
        store.remote,
        `${to}:${ref}`,
      ]);
    return 'moved';
  } catch (error) {
    const now = await readRef(store, ref);
    if (now === to) return 'moved';
    if (now !== from) return 'lost';
    // A racer's lock, or a hub that refuses: the caller's retry decides which.
    throw error instanceof GitFailure ? error : new GitFailure('failed', String(error));
  }
}
