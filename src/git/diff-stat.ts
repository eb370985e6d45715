/**
 * The statistics of a difference, as people know them from git.
 */
import type { Sha } from '../core/transcript.ts';
import { runGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Counts and the text of `git diff --stat`. */
export async function diffStat(
  store: Store,
  { from, to }: { from: Sha; to: Sha },
): Promise<{ files: number; insertions: number; deletions: number; text: string }> {
  const text = await runGit(store.dir, [
    'diff',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    '--stat=100',
    '--stat-count=40',
    '--end-of-options',
    from,
    to,
  ]);
  const count = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    files: count(/(\d+) files? changed/),
    insertions: count(/(\d+) insertions?/),
    deletions: count(/(\d+) deletions?/),
    text,
  };
}
