/**
 * Kills a command's processes and waits until they are dead: a PID namespace by its first process, or a process group.
 * Rule: "dead" is seen in /proc, never assumed from the exit of the program that was started.
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SandboxError } from '../sandbox-error.ts';

/** The processes of one command. */
export interface ProcessTree {
  kill(): void;
  /** Resolves when all are dead. Fails when one survives its kill for `DEATH_MS`, for example stuck in the kernel. */
  dead(): Promise<void>;
  /** The sandbox's first process, with its pid on the host, once bubblewrap has reported it; or the process group. */
  root(): TreeRoot | undefined;
}

/** How the processes of a command are found: below a sandbox's first process, or by their group. */
export type TreeRoot = { kind: 'sandbox'; pid: number } | { kind: 'group'; id: number };

/** How long killed processes may take to die. Only a hanging disk or network mount takes longer. */
const DEATH_MS = 30_000;
/** How long a kill waits for bubblewrap's first report, which names the tree's first process. It takes some ms. */
const REPORT_MS = 5_000;
/** Between two looks. A namespace is usually gone at the first look. */
const LOOK_MS = 2;

/**
 * The tree below bubblewrap. When its first process is killed, the kernel kills all others, and the first process is a
 * zombie only after the last of them is gone.
 */
export function pidNamespaceTree(bubblewrap: { exit: Promise<unknown>; kill(): void }, reports: Readable): ProcessTree {
  let text = '';
  let first: { pid: number; startedAt: string | undefined } | undefined;
  let ended = false;
  let killing = false;
  const end = (): void => void (ended = true);
  void bubblewrap.exit.then(end, end);
  const killNow = (): void => {
    if (first && isAlive(first)) tryKill(first.pid);
    if (!ended) bubblewrap.kill();
  };
  reports.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const pid = Number(/"child-pid": (\d+)/.exec(text)?.[1] ?? 0);
    if (first || pid === 0) return;
    first = { pid, startedAt: readStat(pid)?.startedAt };
    if (killing) killNow();
  });
  // The reports end with bubblewrap, but may be read after its exit was seen.
  const reported = new Promise<void>((resolve) => reports.on('close', resolve));
  return {
    kill: () => {
      killing = true;
      if (first) killNow();
      else setTimeout(killNow, REPORT_MS).unref();
    },
    root: () => first && { kind: 'sandbox', pid: first.pid },
    dead: async () => {
      await reported;
      await waitUntil(() => first === undefined || !isAlive(first), `process ${first?.pid ?? 0} of a sandbox`);
    },
  };
}

/**
 * The process group of a child that was started as its leader. `dead` kills the group's remaining processes first.
 */
export function groupTree(leader: ChildProcess): ProcessTree {
  const killGroup = (): void => {
    if (leader.pid !== undefined) tryKill(-leader.pid);
  };
  return {
    kill: killGroup,
    root: () => (leader.pid === undefined ? undefined : { kind: 'group', id: leader.pid }),
    dead: async () => {
      killGroup();
      await waitUntil(
        () => leader.pid === undefined || !tryKill(-leader.pid) || isGroupDead(leader.pid),
        `group ${leader.pid}`,
      );
    },
  };
}

/** Whether a process with this id exists, of any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Kills a process or group; false if there was none. */
function tryKill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function isAlive({ pid, startedAt }: { pid: number; startedAt: string | undefined }): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && stat.startedAt === startedAt;
}

/** A group is dead when only zombies are left: unreaped zombies still count as its members. */
function isGroupDead(group: number): boolean {
  try {
    return readdirSync('/proc').every((name) => {
      const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      return stat?.group !== group || stat.state === 'Z' || stat.state === 'X';
    });
  } catch {
    return false;
  }
}

/** State, group and start time of a process: fields 3, 5 and 22 of its stat, after the name in brackets. */
function readStat(pid: number): { state: string; group: number; startedAt: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

async function waitUntil(isTrue: () => boolean, what: string): Promise<void> {
  const until = performance.now() + DEATH_MS;
  while (!isTrue()) {
    if (performance.now() > until) {
      throw new SandboxError(
        'isolation',
        `${what} is still alive ${DEATH_MS / 1000} s after it was killed: look for a disk or network mount that hangs`,
      );
    }
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
