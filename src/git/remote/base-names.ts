/**
 * Stores a base's names (its branch, and the tags of its last commits) in the hub, as JSON in the message of a commit
 * that is a child of the base.
 * Rule: the same names give the same commit, and a run uses one such commit for its whole life. Names are checked
 * before they are used, and tags keep their bytes.
 */
import { z } from 'zod';
import { parseJson } from '../../core/text/json.ts';
import { checkRefName } from '../../core/branch-name.ts';
import type { Sha } from '../../core/transcript.ts';
import { shaSchema } from '../../core/transcript.ts';
import { ensureCommit, fetchInto } from './fetch-commit.ts';
import { GitFailure } from '../git-failure.ts';
import { moveRef } from './move-ref.ts';
import { readObjects } from '../read/read-blobs.ts';
import { readLink } from '../read/read-chain.ts';
import { runGit, streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';
import { treeOf } from '../objects/tree-of.ts';

/** A tag of one of the base's commits. `object`: the bytes of an annotated tag's object, in Base64. */
const tagSchema = z.object({ name: z.string(), commit: shaSchema, object: z.string().optional() });
const namesSchema = z.object({ v: z.literal(1), branch: z.string().nullable(), tags: z.array(tagSchema) });
export type BaseNames = Omit<z.infer<typeof namesSchema>, 'v'>;

/** Commits before the base that are searched for tags. Projects that use tags have them more often. */
const NEAR_COMMITS = 1000;
/** Most tags that are stored, the nearest first; a release of many packages has a tag for each. */
const MAX_TAGS = 500;
/** Limits of one tag's object and of all of them. A tag with a larger object is stored as a plain one. */
const MAX_TAG_BYTES = 64 * 1024;
const MAX_ALL_BYTES = 1024 * 1024;
/** A fixed date, so that the same names give the same commit. */
const DATE = '1970-01-01T00:00:00Z';

function refOf(names: Sha): string {
  return `refs/coxswain/bases/${names}`;
}

/** Stores the names of a base, from the refs of its repository, and returns their commit. The store has the base. */
export async function storeNames(
  store: Store,
  base: { repository: string; commit: Sha; branch: string | null; refs: ReadonlyMap<string, Sha> },
): Promise<Sha> {
  const { commit } = base;
  const branch = base.branch !== null && checkRefName(base.branch) === undefined ? base.branch : null;
  const json = JSON.stringify({ v: 1, branch, tags: await findTags(store, base) });
  const message = `names of the base ${commit.slice(0, 10)}\n\n${json}\n`;
  const env = { GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE };
  const args = ['commit-tree', await treeOf(store, commit), '-p', commit, '-F', '-'];
  const { output } = await streamGit(store.dir, args, { input: [message], env });
  const names = output.toString().trim() as Sha;
  await moveRef(store, { ref: refOf(names), to: names, from: null });
  return names;
}

/** Reads a base's names from their commit, which is fetched if the store lacks it. */
export async function readNames(store: Store, names: Sha): Promise<BaseNames> {
  await ensureCommit(store, { commit: names, ref: refOf(names) });
  const { message } = await readLink(store, names);
  const read = namesSchema.safeParse(parseJson(message.slice(message.indexOf('\n\n'))));
  if (!read.success) throw new GitFailure('corrupt', `commit ${names} of the hub has no names of a base in it`);
  return read.data;
}

/** The tags of the base's last commits, the nearest first. */
async function findTags(
  store: Store,
  { repository, commit, refs }: { repository: string; commit: Sha; refs: ReadonlyMap<string, Sha> },
): Promise<BaseNames['tags']> {
  const byCommit = new Map<Sha, { name: string; id: Sha }[]>();
  for (const [ref, id] of refs) {
    const [, name] = /^refs\/tags\/(.*)$/.exec(ref) ?? [];
    if (name === undefined || checkRefName(name) !== undefined) continue;
    const peeled = refs.get(`${ref}^{}`) ?? id;
    byCommit.set(peeled, [...(byCommit.get(peeled) ?? []), { name, id }]);
  }
  if (byCommit.size === 0) return [];
  const near = await runGit(store.dir, ['rev-list', `--max-count=${NEAR_COMMITS}`, '--end-of-options', commit]);
  const found = near
    .split('\n')
    .flatMap((line) => (byCommit.get(line as Sha) ?? []).map((tag) => ({ ...tag, commit: line as Sha })))
    .slice(0, MAX_TAGS);
  const objects = await readTags(store, repository, found);
  return found.map(({ name, id, commit: at }) => {
    const object = objects.get(id);
    return { name, commit: at, ...(object === undefined ? {} : { object: object.toString('base64') }) };
  });
}

/** The objects of annotated tags, fetched if the store lacks them, without those over the limits. */
async function readTags(
  store: Store,
  repository: string,
  tags: readonly { name: string; id: Sha; commit: Sha }[],
): Promise<Map<Sha, Buffer>> {
  const annotated = tags.filter(({ id, commit }) => id !== commit);
  if (annotated.length === 0) return new Map();
  const known = await readSome(store, annotated);
  if (known.size === annotated.length) return known;
  await fetchInto(store, repository, ...annotated.map(({ name }) => `refs/tags/${name}`));
  return await readSome(store, annotated);
}

async function readSome(store: Store, tags: readonly { id: Sha; commit: Sha }[]): Promise<Map<Sha, Buffer>> {
  const commits = new Map(tags.map(({ id, commit }) => [id, commit]));
  const found = new Map<Sha, Buffer>();
  let left = MAX_ALL_BYTES;
  await readObjects(store, [...commits.keys()], async (id, type, bytes) => {
    // A tag of a tag is left out: it would need its inner tag's object too.
    const isPlain = type === 'tag' && bytes.toString('latin1', 0, 64).startsWith(`object ${commits.get(id)}\n`);
    if (isPlain && bytes.length <= Math.min(MAX_TAG_BYTES, left)) {
      left -= bytes.length;
      found.set(id, Buffer.from(bytes));
    }
    await Promise.resolve();
  });
  return found;
}
