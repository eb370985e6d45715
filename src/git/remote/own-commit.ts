/**
 * Judges a commit that a person named for a run, against the refs of its repository in the hub.
 * Rule: that the hub has a commit says nothing where several repositories share it: only what is reachable from this
 * repository's own refs counts.
 */
import type { Sha } from '../../core/transcript.ts';
import { ensureCommit, hasObject } from './fetch-commit.ts';
import { GitFailure } from '../git-failure.ts';
import { listHub, placeRef, REFS } from './hub-refs.ts';
import { readTips } from './read-tips.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/**
 * Makes sure that a commit which a person named is here and is this repository's. In a hub of its own all are; in a
 * shared one it has to be reachable from this repository's refs, or from `own` ones of before there were folders.
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

/** Whether a commit is reachable from a folder of this repository's refs, such as an agent's, without some of them. */
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
  // What is left of the commit without all that the tips reach: nothing, if they reach it.
  const { output } = await streamGit(store.dir, ['rev-list', '--max-count=1', '--stdin'], { input: [lines] });
  return output.length === 0;
}
