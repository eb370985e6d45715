/**
 * Whether a workspace has pointers or contents of the files that git LFS keeps.
 * Rule: an input without the field means pointers. A grant in an input counts only if the worker's own policy has it
 * too.
 */

/** A part of activity inputs: `content` if workspaces get the contents of the base's LFS files. */
export interface LfsGrant {
  lfs?: 'content';
}

/** The grant in a policy. */
export function lfsOf({ lfs }: { lfs?: { value: 'pointers' | 'content' } | undefined }): LfsGrant {
  return lfs?.value === 'content' ? { lfs: 'content' } : {};
}

/** Most bytes of a pointer, by the specification of git LFS. */
export const MAX_POINTER_BYTES = 1024;

/** What a pointer says about its content. */
export interface LfsPointer {
  /** SHA-256 of the content. */
  oid: string;
  size: number;
  /** Whether an LFS extension made the content, by programs of the repository's owner. */
  isExtended: boolean;
}

const POINTER =
  /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1\n((?:ext-[^\n]*\n)*)oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/;

/** Reads a pointer, the text that git LFS puts in place of a file. Undefined for any other text. */
export function readPointer(text: string): LfsPointer | undefined {
  const [, extensions, oid, size] = POINTER.exec(text) ?? [];
  if (oid === undefined) return undefined;
  return { oid, size: Number(size), isExtended: extensions !== '' };
}
