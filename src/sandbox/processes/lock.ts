/**
 * The lock of a workspace's folder: a sandbox's first process inherits it and keeps it for as long as it lives.
 * Rule: it is held by the process that starts the workspace's commands, which is not always this one.
 */
import type { FileLock } from '../../programs/child.ts';
import { findLauncher } from '../../programs/starter.ts';
import { SandboxError } from '../sandbox-error.ts';

/** Takes the lock on `path`; undefined if another process holds it. */
export async function tryLock(path: string): Promise<FileLock | undefined> {
  try {
    return await (await findLauncher()).lock(path);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SandboxError('isolation', `can't lock a workspace: ${problem}`, {}, error);
  }
}
