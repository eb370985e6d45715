/**
 * Fetches the content of a base's LFS files, for workspaces of runs to which policy grants it, and describes to people
 * how LFS files are treated.
 * Rule: a grant in an input counts only if this worker reads the same grant in the policy.
 */
import { join } from 'node:path';
import type { LfsGrant } from '../../core/lfs.ts';
import type { Sha } from '../../core/transcript.ts';
import type { Warrant } from '../../core/decisions/warrant.ts';
import { contentPath, ensureContent } from '../../git/lfs/content.ts';
import type { LfsListing } from '../../git/lfs/files.ts';
import { listLfs } from '../../git/lfs/files.ts';
import { refSlug } from '../../git/ref-name.ts';
import type { Store } from '../../git/store.ts';
import type { BaseContent } from '../../sandbox/files/lfs-layer.ts';
import type { ActivityContext } from './context.ts';
import { locateRepository } from './context.ts';
import { checkLfs } from './warrant.ts';

/** Part of the cache key of a base. Change it when the same commit gets other content, for example by a new limit. */
const KEY = 'lfs-1';
/** Most paths that a note names. */
const MAX_NAMED = 5;

/** The folder in which this host stores LFS content, with one folder for each repository. */
export function contentFolder({ stateDir }: Pick<ActivityContext, 'stateDir'>): string {
  return join(stateDir, 'lfs');
}

/** The LFS content for a workspace's base. It is fetched when the base is made, or at once by calling `fetch`. */
export async function contentFor(
  context: ActivityContext,
  store: Store,
  of: LfsGrant & { repository: string; base: Sha; isAct?: boolean; warrant?: Warrant | undefined },
  signal: AbortSignal,
): Promise<{ content?: BaseContent }> {
  if (of.lfs === undefined) return {};
  await checkLfs(context, store, of);
  const { repository, base } = of;
  const folder = join(contentFolder(context), refSlug(repository));
  const fetch: BaseContent['fetch'] = async () => {
    const { given, hasConfig } = await listLfs(store, base);
    if (given.length === 0) return [];
    const place = await locateRepository(context, repository);
    await ensureContent({ store, repository: place, hasConfig, signal }, folder, given);
    return given.map((file) => ({ ...file, source: contentPath(folder, file.oid) }));
  };
  return { content: { key: KEY, fetch, signal } };
}

/** Notes for people about LFS, shown before any work; empty where the base has no LFS files. */
export async function describeLfs(store: Store, commit: Sha, { lfs }: LfsGrant): Promise<string[]> {
  const listing = await listLfs(store, commit);
  const [first, ...more] = listing.paths;
  if (first === undefined) return [];
  const count = more.length === 0 ? first : `${first} and ${more.length} more`;
  const head = `git LFS keeps files of this repository (${count}): `;
  const asked = 'what is written in their place is asked about (lfs-content)';
  if (lfs !== undefined) return [`${head}${describeGiven(listing)}; ${asked}`];
  const line = 'write `lfs: content` under `defaults` of .coxswain/policy.yaml on the default branch';
  return [
    `${head}a checkout has their pointers, never their content, so that a command that needs it fails, and ${asked}. ` +
      `To have the content there, ${line}, where organisation and team allow it`,
  ];
}

function describeGiven({ given, left }: LfsListing): string {
  const bytes = given.reduce((sum, { size }) => sum + size, 0);
  const said = `policy grants their content (lfs: content), so a checkout has that of ${given.length} files, ${bytes} bytes`;
  if (left.length === 0) return said;
  const named = left.slice(0, MAX_NAMED).map(({ path, why }) => `${path} (${why})`);
  const more = left.length > MAX_NAMED ? ` and ${left.length - MAX_NAMED} more` : '';
  return `${said}; these stay pointers: ${named.join(', ')}${more}`;
}
