/**
 * Checks paths that are read from trees or written into them.
 * Rule: trees are untrusted. No name may leave its folder or become part of a repository, on any file system on which
 * the tree is checked out; what `git fsck` refuses is refused here.
 */

/** Code points that HFS+ ignores when it compares names. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** Names of files that git reads by itself, and their short names on NTFS. */
const READ_BY_GIT = /^(?:\.git(?:modules|attributes|ignore)|\.mailmap|(?:gitmod|gitatt|gitign|mailma)~[1-4])$/;
/** Starts of their short names on NTFS where the usual ones are taken; a number fills up to eight characters. */
const SHORTENED = ['gi7eba', 'gi7d29', 'gi250a', 'maba30'];

/** Whether each part of a path is a plain name: not empty, `.` or `..`, and on no file system git's own folder. */
export function isSafePath(path: Buffer): boolean {
  return staysInside(path) && !path.toString('latin1').split('/').some(isGitsOwn);
}

/** Whether no part of a path leaves its folder. For deletions that is enough. */
export function staysInside(path: Buffer): boolean {
  return path
    .toString('latin1')
    .split('/')
    .every((part) => !/^(?:\.{0,2}|\.git)$/.test(part));
}

/**
 * Whether some file system takes a name (a byte string, latin1) for git's own folder: in upper or lower case, with code
 * points that HFS+ ignores, with endings that NTFS cuts off or takes for a stream, or after a backslash on Windows.
 */
export function isGitsOwn(name: string): boolean {
  if (toHfs(name) === '.git') return true;
  return name.split('\\').some((part) => /^(?:\.git|git~1)[. ]*(?:$|:)/i.test(part));
}

/** The file that git reads by itself, such as `.gitmodules`, if some file system takes a name for it. */
export function readByGit(name: string): string | undefined {
  const onNtfs = name.split('\\').map((part) =>
    part
      .toLowerCase()
      .replace(/:.*$/s, '')
      .replace(/[. ]+$/, ''),
  );
  return [toHfs(name), ...onNtfs].find((each) => READ_BY_GIT.test(each) || isShortened(each));
}

function isShortened(name: string): boolean {
  const [, start] = /^(.*)~[1-9]\d*$/s.exec(name) ?? [];
  return start !== undefined && name.length === 8 && SHORTENED.some((each) => each.startsWith(start));
}

/** A name as HFS+ compares it. As in git, it ends at the first byte that is not UTF-8. */
function toHfs(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return text
    .replace(IGNORED_BY_HFS, '')
    .replace(/\ufffd.*$/s, '')
    .toLowerCase();
}
