/**
 * Fetches the base commit of a refactor from the user's repository into the hub.
 * Rule: the repository is only read, and its own configuration and hooks have no effect.
 */
import { checkRefName } from '../../core/branch-name.ts';
import type { Sha } from '../../core/transcript.ts';
import { storeNames } from './base-names.ts';
import { fetchInto, rememberCommit } from './fetch-commit.ts';
import { addRemedy, GitFailure, hideCredentials } from '../git-failure.ts';
import { isDirty } from '../is-dirty.ts';
import { moveRef } from './move-ref.ts';
import { runGit } from '../run-git.ts';
import { runRemote } from './run-remote.ts';
import type { Store } from '../store.ts';
import { treeOf } from '../objects/tree-of.ts';

/** The commit that a refactor starts from. */
export interface Base {
  commit: Sha;
  tree: Sha;
  /** The branch that was named; null for a tag or a commit. */
  branch: string | null;
  /** Whether a local working copy has uncommitted changes; null if there is none. */
  dirty: boolean | null;
  /** The commit with the base's names; set if the request has `withNames`. */
  names?: Sha;
}

/** The wanted base: the ref or commit to fetch, and its object id, which may be an annotated tag's. */
interface Wanted {
  source: string;
  id: Sha;
  branch: string | null;
}

/**
 * What to import. `isBegun`: a run works on this base already, so it was checked before. `withNames` stores the base's
 * branch and tags too.
 */
export interface BaseRequest {
  repository: string;
  base?: string;
  isBegun?: boolean;
  withNames?: boolean;
}

/**
 * Fetches `base` (branch, tag or full commit id; default HEAD) with its history, and keeps it by a ref of the hub. A
 * commit id must be reachable from a branch or tag: forges also serve commits of forks and pull requests.
 */
export async function importBase(
  store: Store,
  { repository, base, isBegun, withNames = false }: BaseRequest,
): Promise<Base> {
  const name = hideCredentials(repository);
  const fetched = await fetchBase(store, { repository, base, isBegun }).catch((error: unknown) => {
    throw explain(error, name, base);
  });
  const { commit, branch, looked } = fetched;
  await moveRef(store, { ref: `refs/coxswain/bases/${commit}`, to: commit, from: null });
  if (store.remote !== undefined) await rememberCommit(store, commit);
  const made = { commit, tree: await treeOf(store, commit), branch, dirty: await isDirty(store, repository) };
  if (!withNames) return made;
  // For a tag or a commit, the workspace's branch gets the default branch's name.
  const called = branch ?? (looked.head?.startsWith(BRANCHES) ? looked.head.slice(BRANCHES.length) : null);
  const names = await storeNames(store, { repository, commit, branch: called, refs: looked.refs });
  return { ...made, names };
}

async function fetchBase(
  store: Store,
  { repository, base, isBegun = false }: { repository: string; base: string | undefined; isBegun: boolean | undefined },
): Promise<{ commit: Sha; branch: string | null; looked: Look }> {
  // Two attempts: a branch may be rewritten between listing and fetch.
  for (let attempt = 1; ; attempt += 1) {
    const looked = await look(store, repository);
    const wanted = chooseRef(looked, base, hideCredentials(repository));
    await fetchInto(store, repository, wanted.source);
    if (wanted.source === base && !isBegun) await requireReachable(store, { repository, commit: wanted.id, looked });
    try {
      const args = ['rev-parse', '--verify', '--end-of-options', `${wanted.id}^{commit}`];
      return { commit: (await runGit(store.dir, args)).trim() as Sha, branch: wanted.branch, looked };
    } catch (error) {
      if (attempt === 2) throw error;
    }
  }
}

/** Throws if a commit is in no branch and no tag of the repository. */
async function requireReachable(
  store: Store,
  { repository, commit, looked: { refs, head } }: { repository: string; commit: Sha; looked: Look },
): Promise<void> {
  const own = [...refs.keys()].filter((ref) => ref.startsWith(BRANCHES) || /^refs\/tags\/.*(?<!\^\{\})$/.test(ref));
  if (own.some((ref) => refs.get(ref) === commit || refs.get(`${ref}^{}`) === commit)) return;
  // The default branch comes first: it contains nearly every base, and some repositories have many other refs.
  const groups = [own.filter((ref) => ref === head), own.filter((ref) => ref !== head)];
  for (const group of groups) {
    for (let from = 0; from < group.length; from += REFS_AT_ONCE) {
      const some = group.slice(from, from + REFS_AT_ONCE);
      await fetchInto(store, repository, ...some);
      const tips = some.map((ref) => `^${refs.get(ref)}`);
      const left = await runGit(store.dir, ['rev-list', '--max-count=1', '--ignore-missing', commit, ...tips]);
      if (left.trim() === '') return;
    }
  }
  throw new GitFailure(
    'missing-base',
    `commit ${commit.slice(0, 10)} is in no branch and no tag of ${hideCredentials(repository)}, so it may be from a fork: push it there as a branch, and name that branch by "base"`,
  );
}

/** The repository's refs by name, and the branch that its HEAD names. */
interface Look {
  refs: Map<string, Sha>;
  head: string | null;
}

async function look(store: Store, repository: string): Promise<Look> {
  const listed = await runRemote(store, ['ls-remote', '--symref'], repository).catch((error: unknown) => {
    // Listing refs writes nothing, so a permission error is about reading.
    const isBarred = error instanceof GitFailure && error.kind === 'read-only';
    throw isBarred ? new GitFailure('no-access', error.message, error.facts) : error;
  });
  const refs = new Map<string, Sha>();
  let head: string | null = null;
  for (const line of listed.split('\n')) {
    const [value = '', ref = ''] = line.split('\t');
    if (value.startsWith('ref: ')) head = ref === 'HEAD' ? value.slice('ref: '.length) : head;
    else if (ref !== '') refs.set(ref, value as Sha);
  }
  return { refs, head };
}

const BRANCHES = 'refs/heads/';
/** Refs of one fetch, whose names must fit into a command line. */
const REFS_AT_ONCE = 500;

function chooseRef({ refs, head }: Look, base: string | undefined, name: string): Wanted {
  const [first] = refs.values();
  if (first === undefined) {
    throw new GitFailure('empty-repository', `${name} has no commit yet: commit something first`);
  }
  if (first.length !== 40) {
    throw new GitFailure(
      'not-a-repository',
      `${name} uses SHA-256 for its commits: only repositories with SHA-1 are supported`,
    );
  }
  if (base === undefined) {
    const id = refs.get('HEAD');
    if (id) return { source: 'HEAD', id, branch: head?.startsWith(BRANCHES) ? head.slice(BRANCHES.length) : null };
    throw new GitFailure('missing-base', `${name} has a HEAD without a commit: ${nameBranches(refs)}`);
  }
  if (/^[0-9a-f]{40}$/.test(base)) return { source: base, id: base as Sha, branch: null };
  const branch = refs.get(BRANCHES + base);
  const tag = refs.get(`refs/tags/${base}`);
  if (checkRefName(base) === undefined) {
    if (branch) return { source: BRANCHES + base, id: branch, branch: base };
    if (tag) return { source: `refs/tags/${base}`, id: tag, branch: null };
  }
  throw new GitFailure(
    'missing-base',
    `${name} has no branch, tag or full commit id ${JSON.stringify(base)}: ${nameBranches(refs)}`,
  );
}

function nameBranches(refs: Map<string, Sha>): string {
  const names = [...refs.keys()].filter((ref) => ref.startsWith(BRANCHES)).map((ref) => ref.slice(BRANCHES.length));
  return names.length === 0
    ? 'it has no branch'
    : `name one of its branches by "base": ${names.slice(0, 20).join(', ')}`;
}

function explain(error: unknown, name: string, base: string | undefined): unknown {
  // Failures without git's error output have a full message already.
  if (!(error instanceof GitFailure) || error.facts['words'] === undefined) return error;
  const { kind, facts } = error;
  const { words = '' } = facts;
  const failure = (said: string): GitFailure => new GitFailure(kind, addRemedy(kind, `${name} ${said}`), facts);
  switch (kind) {
    case 'not-a-repository':
      if (/returned error: 30\d/.test(words)) {
        const hint = 'name the address that it has now, often with ".git" at its end';
        return failure(`can't be read: it redirects, which is not followed: ${hint}`);
      }
      return failure(`is not a git repository, or this worker may not read it: ${words}`);
    case 'no-access':
      return failure(`is no git repository that this worker may read: ${words}`);
    case 'ownership':
      return failure(
        "belongs to another user than the worker's: run the worker as its owner, or add it to safe.directory",
      );
    case 'missing-base':
      return failure(`has no commit ${base ?? 'at HEAD'} that can be fetched: ${words}`);
    case 'partial':
    case 'corrupt':
      return failure(`has no whole commit ${base ?? 'at HEAD'}: ${words}`);
    case 'unreachable':
      return failure(`can't be reached; it is tried again: ${words}`);
    default:
      return failure(`can't be read: ${words}`);
  }
}
