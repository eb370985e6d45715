/**
 * Judges paths that come out of trees or go into them.
 * Rule: a tree is data from strangers; no name in it may leave its folder or become part of a repository, on the file
 * system of whoever checks it out: what `git fsck` refuses is refused here.
 */

/** Code points that HFS+ leaves out when it compares names. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** Names of files that git reads by itself, and what NTFS shortens them to. */
const READ_BY_GIT = /^(?:\.git(?:modules|attributes|ignore)|\.mailmap|(?:gitmod|gitatt|gitign|mailma)~[1-4])$/;
/** What NTFS makes of the same names where the shorter ones are taken: so much of these as is left beside the number. */
const SHORTENED = ['gi7eba', 'gi7d29', 'gi250a', 'maba30'];

/** Whether each part of a path is a plain name: not empty, `.` or `..`, nor git's own folder on any file system. */
export function isSafePath(path: Buffer): boolean {
  return staysInside(path) && !path.toString('latin1').split('/').some(isGitsOwn);
}

/** Whether no part of a path leaves its folder: all that is asked of what is taken away. */
export function staysInside(path: Buffer): boolean {
  return path
    .toString('latin1')
    .split('/')
    .every((part) => !/^(?:\.{0,2}|\.git)$/.test(part));
}

/**
 * Whether a name, as bytes in latin1, is that of git's own folder to some file system: in any case of letters, with
 * what HFS+ ignores, with what NTFS cuts off or takes for a stream, or below a folder in the way of Windows.
 */
export function isGitsOwn(name: string): boolean {
  if (toHfs(name) === '.git') return true;
  return name.split('\\').some((part) => /^(?:\.git|git~1)[. ]*(?:$|:)/i.test(part));
}

/** The file of git's own reading that a name stands for on some file system, such as `.gitmodules`; else undefined. */
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

/** A name as HFS+ compares it; git takes it to end where it is no UTF-8. */
function toHfs(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return text
    .replace(IGNORED_BY_HFS, '')
    .replace(/\ufffd.*$/s, '')
    .toLowerCase();
}
