/**
 * The host user that commands run as where the worker is root: an id that no other user of the host has.
 * Rule: a root worker's commands never run as root on the host, so they have none of the rights that the kernel grants
 * by user id.
 */
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { runHelper } from '../../programs/run-helper.ts';
import type { Layers, CommandUser } from './layout.ts';
import { SandboxError } from '../sandbox-error.ts';

/** The user and group id of every command inside its sandbox. */
export const SANDBOX_ID = 1000;
/** No system assigns this id to a user (systemd's list of ids), and it exists in containers that map 65,536 ids. */
const COMMAND_ID = 60_700;
/** The program that changes the user just before the command starts; part of util-linux, as flock is. */
export const SETPRIV = '/usr/bin/setpriv';

/**
 * The user for commands. Undefined if they run as the worker's own user: the worker is not root, or its container has
 * no other ids, or `setpriv` is missing.
 */
export function findCommandUser(): CommandUser | undefined {
  const isMapped = ['uid_map', 'gid_map'].every((map) => covers(readFileSync(`/proc/self/${map}`, 'utf8'), COMMAND_ID));
  if (process.geteuid?.() !== 0 || !isMapped || !existsSync(SETPRIV)) return undefined;
  return { uid: COMMAND_ID, gid: COMMAND_ID };
}

function covers(map: string, id: number): boolean {
  return map.split('\n').some((line) => {
    const [start = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return line.trim() !== '' && id >= start && id < start + count;
  });
}

/**
 * Maps the ids of a new user namespace: root, which sets up the sandbox, and the command user. `pid` is the namespace's
 * first process, which waits for the mapping.
 */
export function mapCommandUser(pid: number, { uid, gid }: CommandUser): void {
  writeFileSync(`/proc/${pid}/uid_map`, `0 0 1\n${SANDBOX_ID} ${uid} 1\n`);
  writeFileSync(`/proc/${pid}/gid_map`, `0 0 1\n${SANDBOX_ID} ${gid} 1\n`);
}

/**
 * Makes the command user the owner of layers that the worker made. A layer's own folder changes its owner last, so a
 * folder with the right owner is done. A base is walked once on a host, a workspace's folder when it is new.
 */
export async function giveLayers({ lower, upper }: Layers, { uid, gid }: CommandUser): Promise<void> {
  const folders = [...lower, ...(upper ? [upper.files, upper.work] : [])];
  const others = folders.filter((folder) => lstatSync(folder).uid !== uid);
  if (others.length === 0) return;
  // Depth first and without following links: GNU's and busybox's chown both do so.
  try {
    await runHelper('chown', ['-R', '-h', `${uid}:${gid}`, '--', ...others]);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const message = `can't make user ${uid}, which runs the commands, the owner of ${others.join(', ')}`;
    const remedy = 'Put the state folder on a file system that stores owners';
    throw new SandboxError('isolation', `${message}: ${problem}. ${remedy}`, { uid });
  }
}
