/**
 * A lock on a file that the kernel frees when its last holder is dead, however that died.
 * Rule: the lock belongs to an open file (flock). A process that inherits the file keeps the lock for as long as it
 * lives.
 */
import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/**
 * Locks the file at `path`, which is made if it is missing; undefined if another process holds the lock. Node has no
 * flock, so util-linux's program locks the open file that it inherits from us.
 */
export async function lockFile(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, 'a', 0o600);
  try {
    if ((await flock(file)) && (await isStill(file, path))) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Whether the path still names the locked file. If the file was removed with its workspace, the lock is worthless. */
async function isStill(file: FileHandle, path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there?.ino === (await file.stat()).ino;
}

async function flock(file: FileHandle): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
    child.on('error', (error) => {
      reject(new Error(`the program flock does not start (install util-linux): ${error.message}`, { cause: error }));
    });
    child.on('exit', (code) => {
      if (code === 0 || code === 1) resolve(code === 0);
      else reject(new Error(`flock ended with exit status ${code}`));
    });
  });
}
