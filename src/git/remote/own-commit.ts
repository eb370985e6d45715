/**
 * Checks that a commit which a person named for a run belongs to the run's repository.
 * Rule: in a hub that several repositories share, only commits that are reachable from the repository's own refs count.
 */
import type { Sha } from '../../core/transcript.ts';
import { ensureCommit, hasObject } from './fetch-commit.ts';
import { GitFailure } from '../git-failure.ts';
import { listHub, placeRef, REFS } from './hub-refs.ts';
import { readTips } from './read-tips.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/**
 * Makes sure that a commit is in the store and belongs to this repository. In its own hub every commit does. In a
 * shared hub it must be reachable from the repository's refs, or from those below `own`, the run's folder in old hubs.
 */
export async function ensureOwnCommit(store: Store, { commit, own }: { commit: Sha; own: string }): Promise<void> {
  const { space } = store;
  if (space === undefined) return await ensureCommit(store, { commit });
  const folders = [`${REFS}${space}`, own];
  const refs = [...(await listHub(store, folders))]
    .filter(([ref]) => folders.some((folder) => ref.startsWith(`${folder}/`)))
    .map(([ref, at]) => ({ ref, at }));
  const tips = await readTips(store, refs);
  if ((await hasObject(store, commit)) && (await isReachable(store, commit, [...tips.keys()]))) return;
  throw new GitFailure(
    'missing-base',
    `commit ${commit} is not reachable from this repository's refs in the hub, which several repositories share: ` +
      `push it there first, as in: git push <hub> ${commit}:${REFS}${space}/wheel/<name>`,
  );
}

/** Whether a commit is reachable from the refs in a folder, such as an agent's, without those below `leaveOut`. */
export async function isInFolder(
  store: Store,
  { commit, folder, leaveOut }: { commit: Sha; folder: string; leaveOut: string },
): Promise<boolean> {
  const folders = [...new Set([placeRef(store, folder), folder])];
  const refs = [...(await listHub(store, folders))]
    .filter(([ref]) => folders.some((one) => ref.startsWith(`${one}/`) && !ref.startsWith(`${one}/${leaveOut}`)))
    .map(([ref, at]) => ({ ref, at }));
  const tips = await readTips(store, refs);
  return tips.size > 0 && (await hasObject(store, commit)) && (await isReachable(store, commit, [...tips.keys()]));
}

async function isReachable(store: Store, commit: Sha, tips: readonly Sha[]): Promise<boolean> {
  const lines = [commit, ...tips.map((tip) => `^${tip}`)].map((line) => `${line}\n`).join('');
  // Lists commits that the tips don't reach: none, if they reach this one.
  const { output } = await streamGit(store.dir, ['rev-list', '--max-count=1', '--stdin'], { input: [lines] });
  return output.length === 0;
}
