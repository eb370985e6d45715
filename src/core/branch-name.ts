/**
 * Names of branches: made from the workflow id if a start names none, and checked if a person chose one.
 * Rule: two ids never get the same branch. An id that is readable as a branch name is used unchanged; any other gets a
 * part of its digest at the end. A name can't be taken for an option.
 */
import { digestText } from './digest.ts';

/** Most characters of an id in its branch. */
const MAX_SLUG = 60;
/** A longer id keeps its start and its end, where a Schedule puts the time. */
const HEAD = 32;
const TAIL = 24;

export function branchFor(id: string): string {
  const slug = slugOf(id);
  const short = slug.length > MAX_SLUG ? trimEnds(`${trimEnds(slug.slice(0, HEAD))}-${slug.slice(-TAIL)}`) : slug;
  // Somebody could choose an id that looks like an abbreviated one with its digest, so that it would get the same
  // branch.
  const isExact = short !== '' && short === id && !/-[0-9a-f]{16}$/.test(id) && !short.endsWith('.lock');
  const digest = digestText(id).slice(0, 16);
  return `coxswain/${isExact ? short : `${short === '' ? 'refactor' : short}-${digest}`}`;
}

/** The branch name that older runs used. Their decisions are about it. */
export function formerBranchFor(id: string): string {
  const slug = slugOf(id).slice(0, MAX_SLUG);
  return `coxswain/${slug === '' || slug.endsWith('.lock') ? `refactor-${digestText(id).slice(0, 10)}` : slug}`;
}

function slugOf(id: string): string {
  return trimEnds(
    id
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/\.+/g, '.'),
  );
}

function trimEnds(slug: string): string {
  return slug.replace(/^[-.]+|[-.]+$/g, '');
}

/** What is wrong with a branch name by git's rules (git-check-ref-format) and ours; undefined if nothing is. */
export function checkRefName(name: string): string | undefined {
  if (name.startsWith('-')) return 'starts with "-"';
  if (name.startsWith('refs/')) return 'starts with "refs/": give the branch\'s short name';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids control characters.
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name)) return 'has a space, a control character, or one of ~ ^ : ? * [ \\';
  if (name.includes('..') || name.includes('@{') || name === '@') return 'has ".." or "@{"';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock') || part.endsWith('.'))) {
    return 'has an empty part, one that starts with or ends in ".", or one that ends in ".lock"';
  }
  return undefined;
}

/**
 * Most bytes in a file's name. Git may store a ref as a file, and locks it by a file with `.lock` at the end of its
 * name.
 */
const MAX_FILE_NAME_BYTES = 255;
/** Linux takes no path over 4,096 bytes, and the repository's folder comes first. */
const MAX_BRANCH_BYTES = 2000;

/** What is wrong with the name of a new branch: git may be unable to create it. Undefined if nothing is. */
export function checkNewBranch(name: string): string | undefined {
  const problem = checkRefName(name);
  if (problem !== undefined) return problem;
  const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
  if (bytesOf(name) > MAX_BRANCH_BYTES) return `has ${bytesOf(name)} bytes: at most ${MAX_BRANCH_BYTES} can be made`;
  const files = `${name}.lock`.split('/');
  const long = files.find((file) => bytesOf(file) > MAX_FILE_NAME_BYTES);
  if (long === undefined) return undefined;
  const most = long === files.at(-1) ? MAX_FILE_NAME_BYTES - '.lock'.length : MAX_FILE_NAME_BYTES;
  const has = bytesOf(long) - (MAX_FILE_NAME_BYTES - most);
  return `has a part of ${has} bytes, which git keeps as a file's name: at most ${most} can be made. Shorten it`;
}

/**
 * Why a branch can't be created next to existing ones: one name is a folder of the other, or they differ only in case,
 * which many file systems ignore. Undefined if it can.
 */
export function findInTheWay(branch: string, branches: Iterable<string>): string | undefined {
  const wanted = branch.toLowerCase();
  for (const other of branches) {
    if (other === branch) continue;
    const there = other.toLowerCase();
    if (there === wanted) return `${quote(other)} exists and differs only in case`;
    if (wanted.startsWith(`${there}/`)) return `${quote(other)} exists, and git keeps no branch below a branch`;
    if (there.startsWith(`${wanted}/`)) return `${quote(other)} exists, and git keeps no branch above a branch`;
  }
  return undefined;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
