/**
 * The difference between two commits for people: git's statistics and text.
 * Rule: file names and lines are untrusted, so the text is escaped: it can't move a cursor or hide anything.
 */
import { escapeForPeople } from '../../core/text/escape.ts';
import type { Sha } from '../../core/transcript.ts';
import { runGit, streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

const DIFF = ['diff', '--no-ext-diff', '--no-textconv', '--no-color'];

/** Counts and the text of `git diff --stat`. */
export async function diffStat(
  store: Store,
  { from, to }: { from: Sha; to: Sha },
): Promise<{ files: number; insertions: number; deletions: number; text: string }> {
  const text = await runGit(store.dir, [...DIFF, '--stat=100', '--stat-count=40', '--end-of-options', from, to]);
  // The summary is the last line. A file may be named like it.
  const summary = text.trimEnd().split('\n').at(-1) ?? '';
  const count = (pattern: RegExp): number => Number(pattern.exec(summary)?.[1] ?? 0);
  return {
    files: count(/^ (\d+) files? changed/),
    insertions: count(/ (\d+) insertions?\(/),
    deletions: count(/ (\d+) deletions?\(/),
    text: escapeForPeople(text),
  };
}

/** The numbers of files and lines that differ, and the path with most changed lines. Binary files count no lines. */
export async function countLines(
  store: Store,
  { from, to }: { from: Sha; to: Sha },
): Promise<{ files: number; lines: number; largest: string }> {
  const args = ['--numstat', '-z', '--no-renames', '--end-of-options', from, to];
  const { output } = await streamGit(store.dir, [...DIFF, ...args]);
  const counts = { files: 0, lines: 0, largest: '' };
  let most = -1;
  for (const record of output.toString('utf8').split('\0')) {
    const [, added, removed, path] = /^(\d+|-)\t(\d+|-)\t(.+)$/s.exec(record) ?? [];
    if (path === undefined) continue;
    const lines = (Number(added) || 0) + (Number(removed) || 0);
    counts.files += 1;
    counts.lines += lines;
    if (lines > most) [most, counts.largest] = [lines, path];
  }
  return counts;
}

/** The text of the difference, up to `maxBytes` of git's output; `cut`: there is more. */
export async function diffText(
  store: Store,
  { from, to, maxBytes }: { from: Sha; to: Sha; maxBytes: number },
): Promise<{ text: string; cut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await streamGit(store.dir, [...DIFF, '--end-of-options', from, to], {
    take: (chunk, enough) => {
      if (bytes <= maxBytes) chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) enough();
    },
  });
  const whole = Buffer.concat(chunks);
  return { text: escapeForPeople(whole.subarray(0, maxBytes).toString('utf8')), cut: whole.length > maxBytes };
}
