/**
 * Names of branches: made of the workflow id where a start names none, and judged where a person chose one.
 * Rule: two ids never have one branch. An id that can be read from its branch stands there as it is; any other has a
 * part of its digest at the end. A name can never be taken for an option.
 */
import { digestText } from './digest.ts';

/** Most characters of an id in its branch. */
const MAX_SLUG = 60;
/** What is kept of a longer one: where it begins, and where a Schedule puts its time. */
const HEAD = 32;
const TAIL = 24;

export function branchFor(id: string): string {
  const slug = slugOf(id);
  const short = slug.length > MAX_SLUG ? trimEnds(`${trimEnds(slug.slice(0, HEAD))}-${slug.slice(-TAIL)}`) : slug;
  // An id that ends as these do could be chosen to meet one of them.
  const isExact = short !== '' && short === id && !/-[0-9a-f]{16}$/.test(id) && !short.endsWith('.lock');
  const digest = digestText(id).slice(0, 16);
  return `coxswain/${isExact ? short : `${short === '' ? 'refactor' : short}-${digest}`}`;
}

/** The same as runs named it that began before names were kept apart: their decisions are about it. */
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

/** What is wrong with a branch name by git's rules (git-check-ref-format) and ours; undefined when nothing is. */
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

/** Most bytes of a file's name where git keeps refs as files; it locks a ref by a file with `.lock` at its end. */
const MAX_FILE_NAME_BYTES = 255;
/** Linux takes no path over 4,096 bytes, and the folder of the repository comes before. */
const MAX_BRANCH_BYTES = 2000;

/** What is wrong with the name of a branch that is to be made: git may not be able to keep it. */
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
 * Why a branch can't be made beside those that there are: one of them is a folder of it, or it of one of them, or the
 * two differ only in case, which many file systems don't tell apart. Undefined where nothing is in the way.
 */
export function findInTheWay(branch: string, branches: Iterable<string>): string | undefined {
  const wanted = branch.toLowerCase();
  for (const other of branches) {
    if (other === branch) continue;
    const there = other.toLowerCase();
    if (there === wanted) return `${quote(other)} is there, which differs from it only in case`;
    if (wanted.startsWith(`${there}/`)) return `${quote(other)} is there, and git keeps no branch below a branch`;
    if (there.startsWith(`${wanted}/`)) return `${quote(other)} is there, and git keeps no branch above a branch`;
  }
  return undefined;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
