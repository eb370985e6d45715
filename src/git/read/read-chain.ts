/**
 * Reads a chain: an agent's commits from its start to its head, with the entry of each.
 * Rule: no file is read. Links are kept and shared, so they are frozen: each think reads the whole chain again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Sha } from '../../core/transcript.ts';
import { parseCheckpointMessage } from '../../core/transcript.ts';
import type { Signature } from '../objects/commit.ts';
import { parseCommit } from '../objects/commit.ts';
import type { GitObject } from '../objects/cached-objects.ts';
import { readObject } from '../objects/read-object.ts';
import { runGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** One commit of a chain. `entry` is undefined for a commit that is not a checkpoint. */
export interface ChainLink {
  readonly commit: Sha;
  readonly tree: Sha;
  readonly parent: Sha | null;
  readonly subject: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string; readonly date: string };
  readonly entry: Entry | undefined;
}

/** Fields and commits end with NUL, which no field can contain. */
const FIELDS = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%B'];
const LOG = ['log', '-z', '--no-color', '--no-show-signature', '--encoding=UTF-8', `--format=${FIELDS.join('%x00')}`];

/** Longest chain that is walked here, commit by commit. One `git log` reads longer ones. */
const MAX_LINKS = 10_000;

/** The commits after `base` up to `head` by first parents, oldest first. */
export async function readChain(store: Store, { base, head }: { base: Sha; head: Sha }): Promise<ChainLink[]> {
  const links: ChainLink[] = [];
  for (let at: Sha | null = head; at !== null && links.length < MAX_LINKS; ) {
    if (at === base) return links.toReversed();
    const link: ChainLink | undefined = await readLinkHere(store, at);
    if (link) links.push(link);
    at = link?.parent ?? null;
  }
  // The base is not on the way, so what counts as after it is more than a walk by first parents can tell.
  const range = ['--reverse', '--first-parent', '--end-of-options', head, `^${base}`];
  return parseLog(await runGit(store.dir, [...LOG, ...range]));
}

/** Reads one commit. */
export async function readLink(store: Store, commit: Sha): Promise<ChainLink> {
  const here = await readLinkHere(store, commit);
  if (here) return here;
  const [link] = parseLog(await runGit(store.dir, [...LOG, '-1', '--end-of-options', commit]));
  if (!link) throw new Error(`git log of ${commit} gave nothing`);
  return link;
}

const known = new WeakMap<GitObject, ChainLink>();

/** Undefined where git has to be asked: for what is no plain commit, is missing, or has parents that git hides. */
async function readLinkHere(store: Store, commit: Sha): Promise<ChainLink | undefined> {
  const object = await readObject(store, commit);
  const before = object && known.get(object);
  if (before) return before;
  const parts = object && parseCommit(object);
  if (!object || !parts || (await isShallow(store, commit))) return undefined;
  const { tree, parents, message, author } = parts;
  const { name, email } = author;
  const [parent = null] = parents;
  const subject = message.split('\n', 1)[0] ?? '';
  const entry = parseCheckpointMessage(message);
  const link = { commit, tree, parent, subject, message, author: { name, email, date: formatDate(author) }, entry };
  freeze(link);
  known.set(object, link);
  return link;
}

/** Whether git hides a commit's parents, since the store was filled from a shallow clone. */
async function isShallow({ dir }: Store, commit: Sha): Promise<boolean> {
  return (await readFile(join(dir, 'shallow'), 'latin1').catch(() => '')).includes(commit);
}

/** A moment in the form of ISO 8601, in the zone of its signature. */
function formatDate({ seconds, zone }: Signature): string {
  const minutes = Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)));
  const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
  return `${local}${zone.slice(0, 3)}:${zone.slice(3)}`;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
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

/** What only a root's message has. */
const START = '"kind":"start"';
/** Chains are shorter as a rule. The search in a base's own history, for a commit in no chain, is left to git. */
const MAX_ROOT_LINKS = 1000;

/** The entry that starts a commit's chain; undefined if the commit is in no chain. */
export async function readRoot(store: Store, commit: Sha): Promise<Extract<Entry, { kind: 'start' }> | undefined> {
  let at: Sha | null = commit;
  for (let looked = 0; at !== null && looked < MAX_ROOT_LINKS; looked += 1) {
    const link: ChainLink | undefined = await readLinkHere(store, at);
    if (link?.message.includes(START)) return link.entry?.kind === 'start' ? link.entry : undefined;
    at = link?.parent ?? null;
  }
  const find = ['--fixed-strings', `--grep=${START}`, '--first-parent', '-1'];
  const message = await runGit(store.dir, ['log', ...find, '--format=%B', '--end-of-options', commit]);
  const entry = parseCheckpointMessage(message);
  return entry?.kind === 'start' ? entry : undefined;
}
