/**
 * The policy as this worker itself reads it: the organisation's and the team's layers from its own folder, the
 * repository's from the base commit and the default branch, the run's from the input.
 * Rule: layers are joined again only when a file has changed. An act does not use the network: it takes the default
 * branch as this worker saw it last. The exception is an act with a grant on a worker that has not seen the default
 * branch yet: it looks once, because a grant may stand on the default branch only.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestValue } from '../../core/digest.ts';
import type { NetworkGrant } from '../../core/egress.ts';
import type { EffectivePolicy, Policy } from '../../core/policy/policy.ts';
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import type { Store } from '../../git/store.ts';
import { readLayers } from '../../policy/read-layers.ts';
import type { ActivityContext } from './context.ts';
import { isUrl } from '../../git/remote/hub-store.ts';
import { locateRepository } from './context.ts';
import { fail } from './failures.ts';
import { importTip, readRepositoryLayer } from './policy-layers.ts';

/** Most policies and repositories in memory. An agent needs one of each; an effective policy has a few KiB. */
const MAX_CACHED = 200;
const joined = new Map<string, OwnPolicy>();
const looked = new Map<string, Repository>();

interface Repository {
  /** Its address or real path. */
  address: string;
  /** The tip of its default branch. */
  tip: Sha | null;
}

export interface OwnPolicyInput {
  repository: string;
  /** The base of the run; null where it is not known, and then the repository's layer at the base is not read. */
  base: Sha | null;
  team: string | null;
  run: Policy | null;
  /** Networks granted to the setup outside the policy files; left out where the question is not about a setup. */
  said?: readonly NetworkGrant[];
  /** Take the default branch as this worker saw it last, however old. */
  isAct?: boolean;
  /** A grant is checked, so the default branch has to be known. */
  hasGrant?: boolean;
}

export interface OwnPolicy {
  policy: EffectivePolicy;
  /** Digest of the organisation's and the team's files; null on a worker that has none. */
  organisation: string | null;
}

/** The policy that all layers make, as this worker reads them now. */
export async function readOwnPolicy(context: ActivityContext, store: Store, input: OwnPolicyInput): Promise<OwnPolicy> {
  const { base, team, said } = input;
  // Where the question is not about a setup, the run's own grant to its setup is not read.
  const run = said ? input.run : { ...input.run, network: { setup: false } };
  const folder = context.policies;
  const { address, tip } = await lookAt(context, store, input);
  const key = digestValue([
    store.dir,
    address,
    tip,
    base,
    team,
    run,
    said ?? null,
    folder ?? null,
    await markFiles(folder),
  ]);
  const known = joined.get(key);
  if (known) return known;
  if (base !== null) await ensureCommit(store, { commit: base });
  const layers = await readLayers({
    folder,
    team: team ?? undefined,
    address,
    repository: base === null ? undefined : await readRepositoryLayer(store, base),
    ...(tip === null || tip === base ? {} : { defaultBranch: await readRepositoryLayer(store, tip) }),
    run: run ?? undefined,
    ...(said ? { said } : {}),
    isUnderWay: true,
  });
  if (layers.kind === 'bad')
    throw fail(layers.isRefusal ? 'PolicyStricter' : 'PolicyUnreadable', layers.problems.join('; '));
  const { policy, organisation } = layers;
  return cache(joined, key, { policy, organisation });
}

async function lookAt(context: ActivityContext, store: Store, input: OwnPolicyInput): Promise<Repository> {
  const { repository, isAct = false, hasGrant = false } = input;
  const key = `${store.dir} ${repository}`;
  const known = isAct ? looked.get(key) : undefined;
  if (known) return known;
  if (isAct && !hasGrant) return { address: await locateOffline(context, repository), tip: null };
  try {
    const address = await locateRepository(context, repository);
    return cache(looked, key, { address, tip: await importTip(store, address) });
  } catch (error) {
    // A folder on another host can't be read from here, so only the layer at the base counts.
    const isElsewhere = isAct && error instanceof GitFailure && error.kind === 'not-here';
    if (!isElsewhere) throw error;
    return { address: repository, tip: null };
  }
}

/** A repository's address without using the network; a folder that is not on this host keeps its path. */
async function locateOffline(context: ActivityContext, repository: string): Promise<string> {
  if (isUrl(repository)) return repository;
  return await locateRepository(context, repository).catch(() => repository);
}

function cache<T>(map: Map<string, T>, key: string, value: T): T {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_CACHED && oldest !== undefined) map.delete(oldest);
  return value;
}

/** Inode, size and times of the policy files: a change of these means that a file changed. */
async function markFiles(folder: string | undefined): Promise<string[]> {
  if (folder === undefined) return [];
  const teams = (await readdir(join(folder, 'teams')).catch((): string[] => [])).toSorted();
  return await Promise.all(
    ['organisation.yaml', ...teams.map((name) => join('teams', name))].map(async (file) => {
      const found = await stat(join(folder, file)).catch(() => undefined);
      return found ? `${file} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : `${file} none`;
    }),
  );
}
