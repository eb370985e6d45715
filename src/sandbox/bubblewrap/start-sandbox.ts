/**
 * Starts bubblewrap for one command, with its descriptors and its user.
 * Rule: the command starts with stdin, stdout and stderr, and with no other descriptor of the worker.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { bwrapArguments } from './arguments.ts';
import { giveLayers, mapCommandUser } from './command-user.ts';
import type { GuardName } from '../guards.ts';
import { isGuarded } from '../guards.ts';
import { holdMounts, mountsGone } from './held-mounts.ts';
import { inheritedDescriptors } from '../processes/inherited-descriptors.ts';
import type { Descriptors, SandboxCommand, SandboxRoot, CommandUser } from './layout.ts';
import { pidNamespaceTree } from '../processes/process-tree.ts';
import type { ProcessTree } from '../processes/process-tree.ts';
import { SandboxError } from '../sandbox-error.ts';

/** Descriptors of bubblewrap beyond the standard ones. All are below 10, since a shell can close only those. */
const FD = { status: 3, lock: 4, ready: 5, info: 6, systemCalls: 7 } as const;

/** A sandbox that is starting. */
export interface StartedSandbox {
  child: ChildProcess;
  tree: ProcessTree;
  exit: Promise<Exit>;
  /** Call after the end: throws if the sandbox could not be set up. `output` is then what bubblewrap printed. */
  mustHaveStarted(output: string): void;
}

export interface Exit {
  exitCode: number | null;
  signal: string | null;
}

/**
 * Starts a command. stdout and stderr both go to the descriptor `output`, or each to its own pipe. The lock on `lockFd`
 * is held for as long as the sandbox's first process lives.
 */
export async function startSandbox(
  { user: other, ...shared }: SandboxRoot,
  command: SandboxCommand,
  { stdin, output, lockFd }: { stdin: 'ignore' | 'pipe'; output: number | 'pipe'; lockFd?: number },
): Promise<StartedSandbox> {
  const has = (guard: GuardName): boolean => isGuarded(command, guard);
  const user = has('user') ? other : undefined;
  const upper = command.layers.lower.length > 0 ? command.layers.upper?.files : undefined;
  if (upper !== undefined) await mountsGone(upper);
  if (user) await giveLayers(command.layers, user);
  const { nullFd, inherited } = inheritedDescriptors();
  const stdio: Exclude<StdioOptions, string> = [stdin, output, output, 'pipe'];
  const args: Descriptors = { status: FD.status, closed: [] };
  if (lockFd !== undefined) {
    stdio[FD.lock] = lockFd;
    if (has('lock-descriptor')) args.lock = FD.lock;
  }
  if (user) {
    Object.assign(stdio, { [FD.ready]: 'pipe', [FD.info]: nullFd });
    Object.assign(args, { ready: FD.ready, info: FD.info });
  }
  // Opened each time: a descriptor that was read once is at the file's end.
  const filterFd = shared.systemCalls && has('system-calls') ? openSync(shared.systemCalls, 'r') : undefined;
  if (filterFd !== undefined) {
    stdio[FD.systemCalls] = filterFd;
    args.systemCalls = FD.systemCalls;
  }
  if (has('descriptors')) args.closed = inherited.filter((fd) => stdio[fd] === undefined);
  for (const fd of args.closed) stdio[fd] = nullFd;
  const list = bwrapArguments({ ...shared, user }, command, args);
  // An empty environment, since commands could read bubblewrap's at /proc/1/environ.
  const env = has('empty-environment') ? { env: {} } : {};
  const child = spawn(shared.bubblewrap, list, {
    ...env,
    stdio: Array.from(stdio, (each) => each ?? 'ignore'),
    cwd: '/',
  });
  if (filterFd !== undefined) closeSync(filterFd);
  const reports = child.stdio[FD.status] as Readable;
  let report = '';
  let problem: string | undefined;
  reports.on('data', (chunk: Buffer) => {
    report += chunk.toString();
    const pid = /"child-pid": (\d+)/.exec(report)?.[1];
    if (pid === undefined || problem !== undefined) return;
    if (upper !== undefined) holdMounts(child, Number(pid), upper);
    problem = user ? letSetUp(child, Number(pid), user) : '';
  });
  return {
    child,
    exit: exitOf(child),
    tree: pidNamespaceTree(child, reports),
    mustHaveStarted: (words) => {
      // A signal from outside, such as the kernel's when memory runs out, counts as the command's end.
      if (report.includes('"exit-code"') || (child.signalCode !== null && !problem)) return;
      const message = `bubblewrap could not set up the sandbox: ${problem || words.trim()}`;
      throw new SandboxError('isolation', message, { exitCode: child.exitCode });
    },
  };
}

/** Maps the ids of bubblewrap's user namespace and lets it go on with the setup. Returns the problem, or ''. */
function letSetUp(child: ChildProcess, pid: number, user: CommandUser): string {
  const ready = child.stdio.at(FD.ready) as Writable;
  ready.on('error', () => undefined);
  try {
    mapCommandUser(pid, user);
    ready.end('x');
    return '';
  } catch (error) {
    child.kill('SIGKILL');
    return `can't map user ${user.uid} into it: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The end of a process that was just started. Call it at once, or a failure to start is missed. */
export async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((resolve, reject) => {
    child.on('error', (error) => {
      reject(new SandboxError('isolation', `can't start ${child.spawnfile}: ${error.message}`, {}, error));
    });
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
