/**
 * Brings the base commit of a refactor from the user's repository into the hub.
 * Rule: the repository is only read, and what it says of itself (configuration, hooks) is not obeyed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { GitFailure, hideSecrets } from './git-failure.ts';
import { moveRef } from './move-ref.ts';
import { checkRefName } from './ref-name.ts';
import { runGit, streamGit } from './run-git.ts';
import type { Store } from './store.ts';
import { treeOf } from './store.ts';

export interface Base {
  commit: Sha;
  tree: Sha;
  /** The branch that it was taken from; null for a tag or a commit. */
  branch: string | null;
  /** Whether a local working copy has uncommitted changes; null where there is none. */
  dirty: boolean | null;
}

/** Fetches `base` (branch, tag or full commit id; HEAD if left out) with its history, and keeps it by a ref. */
export async function importBase(
  store: Store,
  { repository, base }: { repository: string; base?: string },
): Promise<Base> {
  const name = hideSecrets(repository);
  const refs = await listRemote(store, repository, name);
  if (refs.size === 0) {
    throw new GitFailure('empty-repository', `${name} has no commit yet: commit something first`);
  }
  const wanted = chooseRef(refs, base, name);
  const fetch = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    '--end-of-options',
    repository,
  ];
  try {
    await runGit(store.dir, [...fetch, wanted.source]);
  } catch (error) {
    throw explain(error, name, base);
  }
  const commit = (
    await runGit(store.dir, ['rev-parse', '--verify', '--end-of-options', `${wanted.id}^{commit}`])
  ).trim() as Sha;
  await moveRef(store, { ref: `refs/coxswain/bases/${commit}`, to: commit, from: null });
  return { commit, tree: await treeOf(store, commit), branch: wanted.branch, dirty: await isDirty(repository) };
}

async function listRemote(store: Store, repository: string, name: string): Promise<Map<string, Sha>> {
  try {
    const listed = await runGit(store.dir, ['ls-remote', '--end-of-options', repository]);
    const lines = listed.split('\n').filter((line) => line.includes('\t'));
    return new Map(lines.map((line) => [line.split('\t')[1] ?? '', line.split('\t')[0] as Sha]));
  } catch (error) {
    throw explain(error, name, undefined);
  }
}

function chooseRef(
  refs: Map<string, Sha>,
  base: string | undefined,
  name: string,
): { source: string; id: Sha; branch: string | null } {
  if (base === undefined) {
    const id = refs.get('HEAD');
    if (!id) throw new GitFailure('missing-base', `${name} has a HEAD without a commit: name a branch by "base"`);
    const branch = [...refs].find(([ref, at]) => ref.startsWith('refs/heads/') && at === id)?.[0] ?? null;
    return { source: 'HEAD', id, branch: branch?.slice('refs/heads/'.length) ?? null };
  }
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(base)) return { source: base, id: base as Sha, branch: null };
  const problem = checkRefName(base);
  const branch = refs.get(`refs/heads/${base}`);
  if (!problem && branch) return { source: `refs/heads/${base}`, id: branch, branch: base };
  const tag = refs.get(`refs/tags/${base}`);
  if (!problem && tag) return { source: `refs/tags/${base}`, id: tag, branch: null };
  const known = [...refs.keys()]
    .filter((ref) => ref.startsWith('refs/heads/'))
    .map((ref) => ref.slice('refs/heads/'.length));
  throw new GitFailure(
    'missing-base',
    `${name} has no branch, tag or full commit id "${base}"; branches: ${known.slice(0, 20).join(', ')}`,
  );
}

function explain(error: unknown, name: string, base: string | undefined): GitFailure {
  if (!(error instanceof GitFailure)) return new GitFailure('failed', String(error));
  const words = error.facts['words'] ?? error.message;
  switch (error.kind) {
    case 'not-a-repository':
      return new GitFailure(
        'not-a-repository',
        `${name} is not a git repository (or this worker may not read it): ${words}`,
      );
    case 'ownership':
      return new GitFailure(
        'ownership',
        `${name} belongs to another user than the worker's: run the worker as its owner, or add it to safe.directory`,
      );
    case 'missing-base':
      return new GitFailure('missing-base', `${name} has no commit ${base ?? 'at HEAD'}: ${words}`);
    default:
      return new GitFailure(error.kind, `${name} can't be read: ${words}`);
  }
}

/** Compares HEAD with the files; plumbing that runs no hook, no monitor and no external diff. */
async function isDirty(repository: string): Promise<boolean | null> {
  if (!existsSync(join(repository, '.git'))) return null;
  const args = ['--no-optional-locks', 'diff-index', '--no-ext-diff', '--ignore-submodules', '--quiet', 'HEAD', '--'];
  const { status } = await streamGit(repository, args, { expected: [1, 128] });
  return status === 128 ? null : status === 1;
}
