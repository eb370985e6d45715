/**
 * Opens and reads files at paths that somebody else may have written, such as a repository's or a workspace's.
 * Rule: nothing waits and no memory fills: what is no plain file, or is larger than the caller takes, is refused, and
 * the refusal says what was found.
 */
import type { Dirent, Stats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/** Something else than a plain file of at most the wanted size is at a path. */
export class NotPlainFile extends Error {
  override name = 'NotPlainFile';

  constructor(path: Buffer | string, found: string) {
    super(`${path.toString()} is ${found}`);
  }
}

/** What is at a path, in words, where that is neither file nor folder nor link. */
export function nameSpecial(entry: Dirent | Stats): string | undefined {
  if (entry.isFIFO()) return 'a named pipe, and no file';
  if (entry.isSocket()) return 'a socket, and no file';
  return entry.isCharacterDevice() || entry.isBlockDevice() ? 'a device, and no file' : undefined;
}

/**
 * Opens a plain file for reading. A pipe that nobody writes is opened without waiting, and closed again; so no thread
 * is ever held by one.
 */
export async function openPlainFile(
  path: Buffer | string,
  { links = 'followed' }: { links?: 'followed' | 'refused' } = {},
): Promise<{ file: FileHandle; size: number }> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const file = await open(path, links === 'refused' ? flags | constants.O_NOFOLLOW : flags);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new NotPlainFile(path, nameSpecial(stat) ?? 'a folder, and no file');
    return { file, size: stat.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The bytes of a plain file of at most so many; what is added to it meanwhile is not read. */
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
