/**
 * The user that commands are outside of the sandbox where the worker is root: one that nobody else on the host is.
 * Rule: a root worker's commands never have its user id, so that nothing which the kernel lets that id do is theirs.
 */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import type { Layers, CommandUser } from './layout.ts';
import { SandboxError } from '../sandbox-error.ts';

/** The id that every command sees itself as. */
export const SANDBOX_ID = 1000;
/** No system hands this id out (systemd's list of ids), and containers that map 65,536 ids have it. */
const COMMAND_ID = 60_700;
/** Changes the user just before the command starts; part of util-linux, as flock is. */
export const SETPRIV = '/usr/bin/setpriv';

/**
 * The user for commands, or undefined where they are the worker's own: it is not root, or its container has no other
 * ids to give.
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
 * Gives a new user namespace its ids: root, who sets the sandbox up there, and the user. `pid` is its first process,
 * which waits for this.
 */
export function mapCommandUser(pid: number, { uid, gid }: CommandUser): void {
  writeFileSync(`/proc/${pid}/uid_map`, `0 0 1\n${SANDBOX_ID} ${uid} 1\n`);
  writeFileSync(`/proc/${pid}/gid_map`, `0 0 1\n${SANDBOX_ID} ${gid} 1\n`);
}

/**
 * Hands layers that the worker made to the user. A layer's own folder changes hands last, so one that has is done: a
 * checkout is walked once on a host, a workspace's folder when it is new.
 */
export async function giveLayers({ lower, upper }: Layers, { uid, gid }: CommandUser): Promise<void> {
  const folders = [...lower, ...(upper ? [upper.files, upper.work] : [])];
  const others = folders.filter((folder) => lstatSync(folder).uid !== uid);
  if (others.length === 0) return;
  // Depth first and without following links, as GNU and busybox both do it.
  const child = spawn('chown', ['-R', '-h', `${uid}:${gid}`, '--', ...others], { stdio: ['ignore', 'ignore', 'pipe'] });
  let problem = '';
  child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString().slice(0, 500)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) return;
  const message = `can't hand ${others.join(', ')} to user ${uid}, who runs the commands: ${problem.trim()}`;
  throw new SandboxError('isolation', `${message}. Put the state folder on a file system that knows owners`, { uid });
}
