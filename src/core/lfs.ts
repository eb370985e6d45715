/**
 * What of the files that git LFS keeps is in a workspace: their pointers, or their content where policy grants it.
 * Rule: an input that says nothing means pointers, and a grant in an input counts only where the worker reads it too.
 */

/** A part of an activity's input: whether workspaces have the content of the base's LFS files. */
export interface LfsGrant {
  lfs?: 'content';
}

/** What a policy grants. */
export function lfsOf({ lfs }: { lfs?: { value: 'pointers' | 'content' } | undefined }): LfsGrant {
  return lfs?.value === 'content' ? { lfs: 'content' } : {};
}

/** Bytes of a pointer at most, by the specification of git LFS. */
export const MAX_POINTER_BYTES = 1024;

/** What a pointer says of the content that it stands for. */
export interface LfsPointer {
  /** SHA-256 of the content. */
  oid: string;
  size: number;
  /** Whether programs of the repository's owner made the content, as LFS' extensions do. */
  isExtended: boolean;
}

const POINTER =
  /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1\n((?:ext-[^\n]*\n)*)oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/;

/** Reads what git LFS leaves in the place of a file; undefined for any other text. */
export function readPointer(text: string): LfsPointer | undefined {
  const [, extensions, oid, size] = POINTER.exec(text) ?? [];
  if (oid === undefined) return undefined;
  return { oid, size: Number(size), isExtended: extensions !== '' };
}
