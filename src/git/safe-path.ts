/**
 * Judges paths that come out of trees or go into them.
 * Rule: a tree is data from strangers; no name in it may leave its folder or become part of a repository.
 */

/** Whether each part of a path is a plain name: not empty, `.` or `..`, nor git's own folder in any case of letters. */
export function isSafePath(path: Buffer): boolean {
  return path
    .toString('latin1')
    .split('/')
    .every((part) => !/^(?:\.{0,2}|\.git|git~1)$/i.test(part));
}
