/**
 * Makes the repository that an agent finds in its workspace: the base commit, a little of its history with its tags,
 * under the base's branch and as that of `origin`; an index that fits the base's checkout.
 * Rule: only that commit's own line is in it, and once an agent could write it, no git of ours reads it.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Sha } from '../../core/transcript.ts';
import type { BaseNames } from '../remote/base-names.ts';
import { readNames } from '../remote/base-names.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Enough for `git log`, and for `git blame` of what is in motion; packing it hardly costs more than the base alone. */
const HISTORY_COMMITS = 50;
/** Programs that make a version of the nearest tag want all since then, and get it up to here. */
const TAGGED_COMMITS = 1000;

/**
 * The stat data of the index were taken outside of the sandbox, where inodes, owners and times of change are others;
 * whole seconds of modification and sizes are the same, and with these `git status` reads no file.
 */
const CONFIG = `[core]
\trepositoryFormatVersion = 0
\tbare = false
\tfileMode = true
\tlogAllRefUpdates = true
\tcheckStat = minimal
\ttrustCtime = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[user]
\tname = Coxswain agent
\temail = agent@localhost
`;
/** As in stores: what git shows are the bytes as they are. */
const ATTRIBUTES = '* -text -ident -filter -working-tree-encoding -eol\n';

/** Writes the repository's folder but for its index, which the checkout makes; `names` is the commit that has them. */
export async function makeScratchRepository(
  store: Store,
  { commit, names, into }: { commit: Sha; names?: Sha | undefined; into: string },
): Promise<void> {
  for (const folder of ['objects/pack', 'refs/heads', 'refs/tags', 'refs/remotes/origin', 'info', 'hooks']) {
    await mkdir(join(into, folder), { recursive: true });
  }
  const known = names === undefined ? undefined : await readNames(store, names);
  const kept = await findKept(store, commit, known?.tags[0]?.commit);
  const ends = await findEnds(store, kept);
  const revisions = [...ends.map((end) => `--shallow ${end}`), commit].map((line) => `${line}\n`).join('');
  // Nobody fetches from here, so time for small deltas would be lost.
  const args = ['pack-objects', '--quiet', '--revs', '--window=0', join(into, 'objects/pack/pack')];
  await streamGit(store.dir, args, { input: [revisions] });
  const branch = known?.branch ?? 'main';
  const tags = known?.tags.filter((tag) => kept.has(tag.commit)) ?? [];
  const refs = [`${commit} refs/heads/${branch}`];
  if (known?.branch) refs.push(`${commit} refs/remotes/origin/${branch}`);
  for (const tag of tags) refs.push(...(await writeTag(into, tag)));
  const files = {
    HEAD: `ref: refs/heads/${branch}\n`,
    config: CONFIG,
    'packed-refs': `# pack-refs with: peeled fully-peeled \n${refs.map((line) => `${line}\n`).join('')}`,
    'info/attributes': ATTRIBUTES,
    ...(known?.branch ? { 'refs/remotes/origin/HEAD': `ref: refs/remotes/origin/${branch}\n` } : {}),
    ...(ends.length > 0 ? { shallow: ends.map((end) => `${end}\n`).join('') } : {}),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(into, name), text);
}

/** The lines of a tag among the packed refs; an annotated one's object is written as git writes a loose one. */
async function writeTag(into: string, { name, commit, object }: BaseNames['tags'][number]): Promise<string[]> {
  if (object === undefined) return [`${commit} refs/tags/${name}`];
  const bytes = Buffer.from(object, 'base64');
  const whole = Buffer.concat([Buffer.from(`tag ${bytes.length}\0`), bytes]);
  const id = createHash('sha1').update(whole).digest('hex');
  const path = join(into, 'objects', id.slice(0, 2), id.slice(2));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, deflateSync(whole));
  return [`${id} refs/tags/${name}`, `^${commit}`];
}

/** The last commits of the history with their parents: all since the nearest tag where that is not too far. */
async function findKept(store: Store, commit: Sha, tagged: Sha | undefined): Promise<Map<string, string[]>> {
  const list = async (most: number, ...revisions: string[]): Promise<[string, string[]][]> => {
    const args = ['rev-list', '--topo-order', '--parents', `--max-count=${most}`, '--end-of-options', ...revisions];
    const lines = (await streamGit(store.dir, args)).output.toString().split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([id = '', ...parents]) => [id, parents]);
  };
  const last = await list(HISTORY_COMMITS, commit);
  const kept = new Map(last);
  if (tagged === undefined || kept.has(tagged)) return kept;
  const since = await list(TAGGED_COMMITS, commit, `^${tagged}`);
  return since.length < TAGGED_COMMITS ? new Map([...last, ...since, ...(await list(1, tagged))]) : kept;
}

/** Those of the kept commits that have parents beyond them. */
async function findEnds(store: Store, kept: ReadonlyMap<string, string[]>): Promise<string[]> {
  // Where the store itself knows no parents, though the commit names some.
  const known = await readFile(join(store.dir, 'shallow'), 'utf8').catch(() => '');
  const shallow = new Set(known.split('\n'));
  return [...kept].flatMap(([id, parents]) =>
    shallow.has(id) || parents.some((parent) => !kept.has(parent)) ? [id] : [],
  );
}
