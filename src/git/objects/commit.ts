/**
 * Commits: read from and written in git's form.
 * Rule: only commits as git itself writes them in UTF-8; all others are left to git.
 */
import type { Sha } from '../../core/transcript.ts';
import { COXSWAIN } from '../person.ts';
import type { Store } from '../store.ts';
import type { GitObject } from './cached-objects.ts';
import { readObject } from './read-object.ts';

/** A person and a moment. */
export interface Signature {
  name: string;
  email: string;
  /** Seconds since 1970. */
  seconds: number;
  /** Offset from UTC, such as `+0100`. */
  zone: string;
}

export interface Commit {
  tree: Sha;
  parents: readonly Sha[];
  author: Signature;
  committer: Signature;
  message: string;
}

const SIGNATURE = '([^<>\\n]*) <([^<>\\n]*)> (\\d{1,11}) ([+-]\\d{4})\\n';
const HEADER = new RegExp(
  `^tree ([0-9a-f]{40})\\n((?:parent [0-9a-f]{40}\\n)*)author ${SIGNATURE}committer ${SIGNATURE}((?:[^\\n]+\\n)*)\\n`,
);
/** Longest headers that are read here. A signature of a commit fits; longer ones are left to git. */
const MAX_HEADER_BYTES = 64 * 1024;

/** A commit's parts; undefined if the object is no commit, or not in the usual form. */
export function parseCommit({ type, bytes }: GitObject): Commit | undefined {
  if (type !== 'commit') return undefined;
  const end = bytes.indexOf('\n\n');
  if (end < 0 || end > MAX_HEADER_BYTES) return undefined;
  const match = HEADER.exec(bytes.toString('utf8', 0, end + 2));
  if (!match) return undefined;
  const [, tree = '', parents = '', name = '', email = '', seconds, zone = '', ...rest] = match;
  const [who = '', whose = '', when, where = '', more = ''] = rest;
  const message = bytes.toString('utf8', end + 2);
  if (/^encoding /m.test(more) || message.includes('\0')) return undefined;
  return {
    tree: tree as Sha,
    parents: [...parents.matchAll(/[0-9a-f]{40}/g)].map(([id]) => id as Sha),
    author: { name: name.trim(), email: email.trim(), seconds: Number(seconds), zone },
    committer: { name: who.trim(), email: whose.trim(), seconds: Number(when), zone: where },
    message,
  };
}

/** A commit's bytes. */
export function formatCommit({ tree, parents, author, committer, message }: Commit): Buffer {
  const sign = ({ name, email, seconds, zone }: Signature): string => `${name} <${email}> ${seconds} ${zone}`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${sign(author)}`,
    `committer ${sign(committer)}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n${message}`);
}

/** Author or committer of a commit that is made now. */
export function signNow({ name, email } = COXSWAIN): Signature {
  const now = new Date();
  const minutes = -now.getTimezoneOffset();
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const zone = `${minutes < 0 ? '-' : '+'}${String(hours * 100 + rest).padStart(4, '0')}`;
  return { name, email, seconds: Math.floor(now.getTime() / 1000), zone };
}

/** The tree of a commit, or the tree itself; undefined where git has to be asked. */
export async function readTreeOf(store: Store, commit: Sha): Promise<Sha | undefined> {
  const object = await readObject(store, commit);
  return object?.type === 'tree' ? commit : object && parseCommit(object)?.tree;
}
