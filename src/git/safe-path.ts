/**
 * Judges paths that come out of trees or go into them.
 * Rule: a tree is data from strangers; no name in it may leave its folder or become part of a repository, on the file
 * system of whoever checks it out: what `git fsck` refuses is refused here.
 */

/** Code points that HFS+ leaves out when it compares names. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** Names of files that git reads by itself, and that must not lead elsewhere; with what NTFS shortens them to. */
const READ_BY_GIT =
  /^(?:\.git(?:modules|attributes|ignore)|\.mailmap|(?:gitmod|gitatt|gitign|mailma)~[1-4]|gi7eba~[1-9])$/;

/** Whether each part of a path is a plain name: not empty, `.` or `..`, nor git's own folder on any file system. */
export function isSafePath(path: Buffer): boolean {
  return path
    .toString('latin1')
    .split('/')
    .every((part) => !/^\.{0,2}$/.test(part) && !isGitsOwn(part));
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
  const plain = [
    toHfs(name),
    name
      .toLowerCase()
      .replace(/:.*$/, '')
      .replace(/[. ]+$/, ''),
  ];
  return plain.find((each) => READ_BY_GIT.test(each));
}

function toHfs(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8').replace(IGNORED_BY_HFS, '').toLowerCase();
}

/** One line of a `.gitmodules` that git and everybody else read alike: a section, or a field of a plain value. */
const MODULE_LINE =
  /^\s*(?:[#;].*|\[submodule "(?<name>[\w. /+@-]+)"\]|(?:path|branch|ignore|shallow|fetchRecurseSubmodules)\s*=\s*[\w./][\w. /+@-]*|url\s*=\s*[\w./][\w./:@~+-]*|update\s*=\s*(?:checkout|rebase|merge|none))?\s*$/;

/**
 * Whether a `.gitmodules` says nothing that git refuses, or that has ever run a program: no options as values, no
 * commands, no names that climb. What is written in an unusual way is not judged, but refused too.
 */
export function isPlainModules(text: string): boolean {
  return text.split('\n').every((line) => {
    const match = MODULE_LINE.exec(line.replace(/\r$/, ''));
    return match !== null && !(match.groups?.['name'] ?? '').split('/').includes('..');
  });
}
