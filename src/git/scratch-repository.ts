/**
 * Makes the repository that an agent finds in its workspace: the base commit, a little of its history, an index that
 * fits the base's checkout.
 * Rule: only that commit's own line is in it, and once an agent could write it, no git of ours reads it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../core/transcript.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Enough for `git log`, and for `git blame` of what is in motion; packing it hardly costs more than the base alone. */
const HISTORY_COMMITS = 50;

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

/** Writes the repository's folder but for its index, which the checkout makes. */
export async function makeScratchRepository(
  store: Store,
  { commit, into }: { commit: Sha; into: string },
): Promise<void> {
  for (const folder of ['objects/pack', 'refs/heads', 'refs/tags', 'info', 'hooks']) {
    await mkdir(join(into, folder), { recursive: true });
  }
  const ends = await findEnds(store, commit);
  const revisions = [...ends.map((end) => `--shallow ${end}`), commit].map((line) => `${line}\n`).join('');
  // Nobody fetches from here, so time for small deltas would be lost.
  const args = ['pack-objects', '--quiet', '--revs', '--window=0', join(into, 'objects/pack/pack')];
  await streamGit(store.dir, args, { input: one(revisions) });
  const files = {
    HEAD: 'ref: refs/heads/main\n',
    config: CONFIG,
    'refs/heads/main': `${commit}\n`,
    'info/attributes': ATTRIBUTES,
    ...(ends.length > 0 ? { shallow: ends.map((end) => `${end}\n`).join('') } : {}),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(into, name), text);
}

/** The commits of the last part of the history that have parents beyond it. */
async function findEnds(store: Store, commit: Sha): Promise<string[]> {
  const args = ['rev-list', '--topo-order', '--parents', `--max-count=${HISTORY_COMMITS}`, '--end-of-options', commit];
  const { output } = await streamGit(store.dir, args);
  const commits = output
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  const kept = new Set(commits.map(([id]) => id));
  // Where the store itself knows no parents, though the commit names some.
  const known = await readFile(join(store.dir, 'shallow'), 'utf8').catch(() => '');
  const shallow = new Set(known.split('\n'));
  return commits.flatMap(([id = '', ...parents]) =>
    shallow.has(id) || parents.some((parent) => !kept.has(parent)) ? [id] : [],
  );
}

async function* one(text: string): AsyncIterable<string> {
  yield text;
}
