/**
 * The bytes of one file of a commit, as it lies there or as links within the commit lead to it.
 * Rule: nothing is read but what the commit itself has.
 */
import type { Sha } from '../core/transcript.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** The file's bytes, or null when the commit has no such file. */
export async function readFile(store: Store, { commit, path }: { commit: Sha; path: string }): Promise<Buffer | null> {
  const { status, output } = await streamGit(store.dir, ['cat-file', 'blob', `${commit}:${path}`], { expected: [128] });
  return status === 0 ? output : null;
}

/**
 * The bytes of the file that a path leads to, link by link, forty of them at most; null where it leads to no file:
 * out of the commit, to nothing, to a folder, or around in a circle. A path with a line break can't be asked for.
 */
export async function readThroughLinks(
  store: Store,
  { commit, path }: { commit: Sha; path: string },
): Promise<Buffer | null> {
  if (path.includes('\n')) return null;
  async function* asked(): AsyncIterable<string> {
    yield `${commit}:${path}\n`;
  }
  const { output } = await streamGit(store.dir, ['cat-file', '--batch', '--follow-symlinks'], { input: asked() });
  const end = output.indexOf('\n');
  const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(output.toString('latin1', 0, end)) ?? [];
  return size === undefined ? null : output.subarray(end + 1, end + 1 + Number(size));
}
