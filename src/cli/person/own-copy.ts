/**
 * The person's own working copy, in which they continue an agent's work by hand.
 * Rule: git runs as the person would run it, with their configuration. Only what the commands say is written: one
 * branch, one worktree, one ref of the hub.
 */
import { execa } from 'execa';
import { ClientFailure } from '../../client/client-failure.ts';
import type { Sha } from '../../core/transcript.ts';
import { shaSchema } from '../../core/transcript.ts';
import type { Store } from '../../git/store.ts';

/** Runs git in a folder; fails with git's words. */
async function gitIn(folder: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execa('git', args, { cwd: folder, reject: false });
  if (exitCode !== 0) throw new ClientFailure('failed', `git ${args[0] ?? ''}: ${stderr.trim().slice(0, 2000)}`);
  return stdout.trim();
}

/** Whether git says yes by its exit status. */
async function succeeds(folder: string, ...args: string[]): Promise<boolean> {
  return (await execa('git', args, { cwd: folder, reject: false })).exitCode === 0;
}

/** The top folder of the working copy that has this commit. */
export async function findCopyWith(folder: string, commit: string, repository: string): Promise<string> {
  if (await succeeds(folder, 'cat-file', '-e', `${commit}^{commit}`))
    return await gitIn(folder, 'rev-parse', '--show-toplevel');
  const what = `a working copy of ${repository} that has its commit ${commit.slice(0, 10)}`;
  throw new ClientFailure('bad-input', `this folder is not ${what}: change to one, and try again`);
}

/** Makes a worktree with a new branch at a commit of the hub's store. */
export async function addWorktree(
  copy: string,
  store: Store,
  { commit, branch, folder }: { commit: Sha; branch: string; folder: string },
): Promise<void> {
  // A commit that is no ref's tip is served only if the serving side allows it.
  const serve = 'git -c uploadpack.allowAnySHA1InWant=true upload-pack';
  await gitIn(copy, 'fetch', '--quiet', '--no-tags', `--upload-pack=${serve}`, store.dir, commit);
  await gitIn(copy, 'worktree', 'add', '--quiet', '-b', branch, folder, commit);
}

/** The commit that a worktree is at; fails if there are changes that are in no commit. */
export async function readCommitted(folder: string): Promise<Sha> {
  const changes = await gitIn(folder, 'status', '--porcelain');
  if (changes === '') return shaSchema.parse(await gitIn(folder, 'rev-parse', 'HEAD'));
  const some = changes.split('\n').slice(0, 5).join('\n');
  throw new ClientFailure('bad-input', `commit your changes first; git status says:\n${some}`);
}

export async function descendsFrom(folder: string, commit: Sha, ancestor: Sha): Promise<boolean> {
  return await succeeds(folder, 'merge-base', '--is-ancestor', ancestor, commit);
}

/** Puts a commit into the hub under a ref. */
export async function pushToHub(folder: string, hub: string, commit: Sha, ref: string): Promise<void> {
  await gitIn(folder, 'push', '--quiet', '--no-verify', hub, `${commit}:${ref}`);
}
