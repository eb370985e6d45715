/**
 * The policy as this worker reads it by itself: organisation and team from its own folder, the repository's from the
 * base commit and its default branch, the run's as its input says.
 * Rule: what was joined once is joined again only when a file has changed, and an act reaches for no network: of the
 * default branch it knows what this worker saw last. Only an act that has a grant to be judged looks there once, where
 * this process has not yet: grants may stand on the default branch alone.
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

/** Policies and repositories that are kept: an agent needs one of each, and an effective policy has a few KiB. */
const MAX_KEPT = 200;
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
  /** The base of the run; null where it is not known, and so the repository's layer there neither. */
  base: Sha | null;
  team: string | null;
  run: Policy | null;
  /** Networks that its setup was granted beside the files; left out where no setup is meant. */
  said?: readonly NetworkGrant[];
  /** What is known of the repository's default branch is enough, however old. */
  isAct?: boolean;
  /** A grant is judged by it, so the default branch has to be known. */
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
  // Where no setup is meant, nothing is to be granted to one.
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
  return keep(joined, key, { policy, organisation });
}

async function lookAt(context: ActivityContext, store: Store, input: OwnPolicyInput): Promise<Repository> {
  const { repository, isAct = false, hasGrant = false } = input;
  const key = `${store.dir} ${repository}`;
  const known = isAct ? looked.get(key) : undefined;
  if (known) return known;
  if (isAct && !hasGrant) return { address: await locateOffline(context, repository), tip: null };
  try {
    const address = await locateRepository(context, repository);
    return keep(looked, key, { address, tip: await importTip(store, address) });
  } catch (error) {
    // A folder of another host is not to be seen from here: what the base says has to do.
    const isElsewhere = isAct && error instanceof GitFailure && error.kind === 'not-here';
    if (!isElsewhere) throw error;
    return { address: repository, tip: null };
  }
}

/** Where a repository is, by what this host knows: a folder that is not here is on another one. */
async function locateOffline(context: ActivityContext, repository: string): Promise<string> {
  if (isUrl(repository)) return repository;
  return await locateRepository(context, repository).catch(() => repository);
}

function keep<T>(map: Map<string, T>, key: string, value: T): T {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest);
  return value;
}

/** What tells that a file of the folder is another one than before. */
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
