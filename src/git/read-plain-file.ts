/**
 * Opens and reads files at paths that others may have written, such as those of a repository or a workspace.
 * Rule: never blocks and never fills memory. Anything but a regular file within the caller's size limit is refused, and
 * the error says what was found.
 */
import type { Dirent, Stats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/** The path has no regular file, or one over the size limit. */
export class NotPlainFile extends Error {
  override name = 'NotPlainFile';

  constructor(path: Buffer | string, found: string) {
    super(`${path.toString()} is ${found}`);
  }
}

/** Describes a pipe, a socket or a device; undefined for files, folders and links. */
export function nameSpecial(entry: Dirent | Stats): string | undefined {
  if (entry.isFIFO()) return 'a named pipe, not a file';
  if (entry.isSocket()) return 'a socket, not a file';
  return entry.isCharacterDevice() || entry.isBlockDevice() ? 'a device, not a file' : undefined;
}

/**
 * Opens a regular file for reading. Non-blocking, so that a pipe without a writer never holds a thread. Throws
 * NotPlainFile.
 */
export async function openPlainFile(
  path: Buffer | string,
  { links = 'followed' }: { links?: 'followed' | 'refused' } = {},
): Promise<{ file: FileHandle; size: number }> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const file = await open(path, links === 'refused' ? flags | constants.O_NOFOLLOW : flags);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new NotPlainFile(path, nameSpecial(stat) ?? 'a folder, not a file');
    return { file, size: stat.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a regular file of at most `maxBytes`, without bytes that are appended meanwhile. Throws NotPlainFile. */
export async function readPlainFile(path: string, maxBytes: number): Promise<Buffer> {
  const { file, size } = await openPlainFile(path);
  try {
    if (size > maxBytes) throw new NotPlainFile(path, `of ${size} bytes: at most ${maxBytes} are read`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, size - length, length);
      length += bytesRead;
      if (bytesRead === 0) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}
