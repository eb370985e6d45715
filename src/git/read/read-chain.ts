/**
 * Reads a chain: an agent's commits from its start to its head, with the entry of each.
 * Rule: one `git log`, whatever the length; no file is read.
 */
import type { Entry, Sha } from '../../core/transcript.ts';
import { parseCheckpointMessage } from '../../core/transcript.ts';
import { runGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** One commit of a chain. `entry` is undefined for a commit that is not a checkpoint. */
export interface ChainLink {
  commit: Sha;
  tree: Sha;
  parent: Sha | null;
  subject: string;
  message: string;
  author: { name: string; email: string; date: string };
  entry: Entry | undefined;
}

/** Fields and commits end with NUL, which no field can contain. */
const FIELDS = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%B'];
const LOG = ['log', '-z', '--no-color', '--no-show-signature', '--encoding=UTF-8', `--format=${FIELDS.join('%x00')}`];

/** The commits after `base` up to `head` by first parents, oldest first. */
export async function readChain(store: Store, { base, head }: { base: Sha; head: Sha }): Promise<ChainLink[]> {
  const range = ['--reverse', '--first-parent', '--end-of-options', head, `^${base}`];
  return parseLog(await runGit(store.dir, [...LOG, ...range]));
}

/** Reads one commit. */
export async function readLink(store: Store, commit: Sha): Promise<ChainLink> {
  const [link] = parseLog(await runGit(store.dir, [...LOG, '-1', '--end-of-options', commit]));
  if (!link) throw new Error(`git log of ${commit} gave nothing`);
  return link;
}

function parseLog(output: string): ChainLink[] {
  const fields = output.split('\0');
  const links: ChainLink[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    const [commit = '', tree = '', parents = '', name = '', email = '', date = '', message = ''] = fields.slice(at);
    links.push({
      commit: commit as Sha,
      tree: tree as Sha,
      parent: parents === '' ? null : (parents.split(' ')[0] as Sha),
      subject: message.split('\n', 1)[0] ?? '',
      message,
      author: { name, email, date },
      entry: parseCheckpointMessage(message),
    });
  }
  return links;
}

/** The entry that starts a commit's chain; undefined if the commit is in no chain. */
export async function readRoot(store: Store, commit: Sha): Promise<Extract<Entry, { kind: 'start' }> | undefined> {
  const find = ['--fixed-strings', '--grep="kind":"start"', '--first-parent', '-1'];
  const message = await runGit(store.dir, ['log', ...find, '--format=%B', '--end-of-options', commit]);
  const entry = parseCheckpointMessage(message);
  return entry?.kind === 'start' ? entry : undefined;
}
