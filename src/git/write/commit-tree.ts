/**
 * Writes a commit of a tree that is already in the store.
 * Rule: uses no work tree and no index; without `author` the author is the store's committer.
 */
import type { Sha } from '../../core/transcript.ts';
import type { Signature } from '../objects/commit.ts';
import { formatCommit, signNow } from '../objects/commit.ts';
import { isPlain } from '../objects/plain-store.ts';
import { readHeader } from '../objects/read-object.ts';
import { noteTree } from '../objects/tree-of.ts';
import { newObject, writeObjects } from '../objects/write-objects.ts';
import type { Person } from '../person.ts';
import { COXSWAIN, isPlainPerson, namePersons } from '../person.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

export interface Author extends Person {
  /** Any date that git can read; the default is now. */
  date?: string;
}

interface CommitParts {
  tree: Sha;
  parents: readonly Sha[];
  message: string;
  author?: Author;
}

const PLAIN_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|([+-]\d\d):(\d\d))$/;

export async function commitTree(store: Store, parts: CommitParts): Promise<Sha> {
  const commit = (await commitHere(store, parts)) ?? (await commitByGit(store, parts));
  noteTree(store, { commit, tree: parts.tree });
  return commit;
}

/** Undefined where git has to do it, or to say why it can't be done. */
async function commitHere(store: Store, { tree, parents, message, author }: CommitParts): Promise<Sha | undefined> {
  const committer = signNow(store.committer);
  const signed = author ? sign(author, committer) : committer;
  if (!signed || message.includes('\0') || !(await isPlain(store))) return undefined;
  const types = await Promise.all([tree, ...parents].map(async (id) => (await readHeader(store, id))?.type));
  if (types.some((type, at) => type !== (at === 0 ? 'tree' : 'commit'))) return undefined;
  const commit = { tree, parents: [...new Set(parents)], author: signed, committer, message };
  const object = newObject('commit', formatCommit(commit));
  return await writeObjects(store, [object]).then(
    () => object.id,
    () => undefined,
  );
}

function sign({ name, email, date }: Author, now: Signature): Signature | undefined {
  if (!isPlainPerson({ name, email })) return undefined;
  if (date === undefined) return { ...now, name, email };
  const match = PLAIN_DATE.exec(date);
  const seconds = Date.parse(date) / 1000;
  if (!match || !(seconds >= 0)) return undefined;
  return { name, email, seconds, zone: `${match[1] ?? '+00'}${match[2] ?? '00'}` };
}

async function commitByGit(store: Store, { tree, parents, message, author }: CommitParts): Promise<Sha> {
  const { committer = COXSWAIN } = store;
  const env = {
    ...namePersons(author ?? committer, committer),
    ...(author?.date ? { GIT_AUTHOR_DATE: author.date } : {}),
  };
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'];
  const { output } = await streamGit(store.dir, args, { input: [message], env });
  return output.toString().trim() as Sha;
}
