/**
 * Kills a command's processes and waits until they are dead: a PID namespace's by its first process, else a process
 * group's.
 * Rule: "dead" is seen in /proc, never assumed from the exit of the program that was started.
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SandboxError } from '../sandbox-error.ts';

/** The processes of one command. */
export interface ProcessTree {
  kill(): void;
  /** Resolves when all are dead; fails when something survives its kill, as a process stuck in the kernel may. */
  dead(): Promise<void>;
  /** The sandbox's first process as the host sees it, once bubblewrap says it, or the group. */
  root(): TreeRoot | undefined;
}

/** By what the processes of a command are found. */
export type TreeRoot = { kind: 'sandbox'; pid: number } | { kind: 'group'; id: number };

/** How long killed processes may take to die: longer only on a disk or network mount that hangs. */
const DEATH_MS = 30_000;
/** Bubblewrap's first report comes within milliseconds; a kill waits for it, to be able to see the whole tree die. */
const REPORT_MS = 5_000;
/** Between two looks: a namespace is usually gone at the first. */
const LOOK_MS = 2;

/**
 * The tree below bubblewrap: its first process takes all others along, and is a zombie only after the last of them is
 * gone.
 */
export function pidNamespaceTree(bubblewrap: ChildProcess, reports: Readable): ProcessTree {
  let text = '';
  let first: { pid: number; startedAt: string | undefined } | undefined;
  let ended = false;
  let killing = false;
  bubblewrap.on('exit', () => (ended = true));
  const killNow = (): void => {
    if (first && isAlive(first)) tryKill(first.pid);
    if (!ended) bubblewrap.kill('SIGKILL');
  };
  reports.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const pid = Number(/"child-pid": (\d+)/.exec(text)?.[1] ?? 0);
    if (first || pid === 0) return;
    first = { pid, startedAt: readStat(pid)?.startedAt };
    if (killing) killNow();
  });
  // The reports end when bubblewrap does, but may be read after its exit was seen.
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
 * The process group of a child that was started as its leader; what is left of it when the leader ends is killed too.
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

/** Whether a process of this id exists, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Kills, and says whether there was anything to kill. */
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

/** Zombies that nobody reaps still count as members of a group: where only such are left, the group is dead. */
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
        `${what} is still alive ${DEATH_MS / 1000} s after it was killed: see what it waits for`,
      );
    }
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
