/**
 * Makes the repository that an agent finds in its workspace: the base commit with some of its history and tags, as the
 * base's branch and as that of `origin`.
 * Rule: it contains only that commit's history, and once an agent could write it, the worker's git never reads it.
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

/** Enough for `git log`, and for `git blame` of recent changes; packing it takes hardly longer than the base alone. */
const HISTORY_COMMITS = 50;
/** Programs that derive a version from the nearest tag need all commits since then. They get up to this many. */
const TAGGED_COMMITS = 1000;

/**
 * The index has stat data from outside of the sandbox, where inodes, owners and change times differ. With these
 * settings git compares only sizes and whole seconds of modification times, so `git status` need not read the files.
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
/** As in stores: git shows the bytes unchanged. */
const ATTRIBUTES = '* -text -ident -filter -working-tree-encoding -eol\n';

/** Writes the repository's folder, without the index. `names` is the commit with the base's branch and tags. */
export async function makeScratchRepository(
  store: Store,
  { commit, names, into }: { commit: Sha; names?: Sha | undefined; into: string },
): Promise<void> {
  for (const folder of ['objects/pack', 'refs/heads', 'refs/tags', 'refs/remotes/origin', 'info', 'hooks']) {
    await mkdir(join(into, folder), { recursive: true });
  }
  const known = names === undefined ? undefined : await readNames(store, names);
  const history = await findHistory(store, commit, known?.tags[0]?.commit);
  const ends = await findEnds(store, history);
  const revisions = [...ends.map((end) => `--shallow ${end}`), commit].map((line) => `${line}\n`).join('');
  // The pack is never sent anywhere, so time for small deltas would be wasted.
  const args = ['pack-objects', '--quiet', '--revs', '--window=0', join(into, 'objects/pack/pack')];
  await streamGit(store.dir, args, { input: [revisions] });
  const branch = known?.branch ?? 'main';
  const tags = known?.tags.filter((tag) => history.has(tag.commit)) ?? [];
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

/** A tag's lines in packed-refs. The object of an annotated tag is written as a loose object. */
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

/** The last commits with their parents; also all since the nearest tag, if these are fewer than `TAGGED_COMMITS`. */
async function findHistory(store: Store, commit: Sha, tagged: Sha | undefined): Promise<Map<string, string[]>> {
  const list = async (most: number, ...revisions: string[]): Promise<[string, string[]][]> => {
    const args = ['rev-list', '--topo-order', '--parents', `--max-count=${most}`, '--end-of-options', ...revisions];
    const lines = (await streamGit(store.dir, args)).output.toString().split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([id = '', ...parents]) => [id, parents]);
  };
  const last = await list(HISTORY_COMMITS, commit);
  const history = new Map(last);
  if (tagged === undefined || history.has(tagged)) return history;
  const since = await list(TAGGED_COMMITS, commit, `^${tagged}`);
  return since.length < TAGGED_COMMITS ? new Map([...last, ...since, ...(await list(1, tagged))]) : history;
}

/** The commits of the history with parents that are not in it. */
async function findEnds(store: Store, history: ReadonlyMap<string, string[]>): Promise<string[]> {
  // Commits whose parents the store itself lacks.
  const known = await readFile(join(store.dir, 'shallow'), 'utf8').catch(() => '');
  const shallow = new Set(known.split('\n'));
  return [...history].flatMap(([id, parents]) =>
    shallow.has(id) || parents.some((parent) => !history.has(parent)) ? [id] : [],
  );
}
