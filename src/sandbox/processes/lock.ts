/**
 * A lock on a file that the kernel frees when its last holder is dead, however that died.
 * Rule: the lock belongs to an open file (flock); a sandbox's first process that inherits the file keeps the lock for
 * as long as the process lives.
 */
import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { SandboxError } from '../sandbox-error.ts';

/**
 * A held lock. `release` gives up this process's hold. The lock is free once every process that inherited `fd` has
 * ended too.
 */
export interface Lock {
  fd: number;
  release(): Promise<void>;
}

/**
 * Takes the lock on `path`; undefined if another process holds it. Node has no flock, so util-linux's program locks
 * the open file that it inherits from us.
 */
export async function tryLock(path: string): Promise<Lock | undefined> {
  const file = await open(path, 'a', 0o600);
  try {
    if ((await flock(file)) && (await isStill(file, path)))
      return { fd: file.fd, release: async () => await file.close() };
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
    const child = spawn('flock', ['-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', file.fd],
    });
    child.on('error', (error) => {
      const message = `can't lock a workspace: the program flock does not start (install util-linux): ${error.message}`;
      reject(new SandboxError('isolation', message, {}, error));
    });
    child.on('exit', (code) => {
      if (code === 0 || code === 1) resolve(code === 0);
      else
        reject(new SandboxError('isolation', `can't lock a workspace: flock ended with exit status ${code}`, { code }));
    });
  });
}
