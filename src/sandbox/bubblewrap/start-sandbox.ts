/**
 * Starts bubblewrap for one command, with its descriptors and its user.
 * Rule: the command starts with stdin, stdout and stderr, and with no other descriptor of the worker.
 */
import { constants } from 'node:fs';
import type { Child, End, Exit, FileLock, Launcher } from '../../programs/child.ts';
import { StarterEnded } from '../../programs/child.ts';
import { findLauncher, thisProcess } from '../../programs/starter.ts';
import { bwrapArguments } from './arguments.ts';
import { giveLayers, mapCommandUser } from './command-user.ts';
import type { GuardName } from '../guards.ts';
import { isGuarded } from '../guards.ts';
import { holdMounts, mountsGone } from './held-mounts.ts';
import type { Descriptors, SandboxCommand, SandboxRoot, CommandUser } from './layout.ts';
import { pidNamespaceTree } from '../processes/process-tree.ts';
import type { ProcessTree } from '../processes/process-tree.ts';
import { SandboxError } from '../sandbox-error.ts';

/** Descriptors of bubblewrap beyond the standard ones. All are below 10, since a shell can close only those. */
const FD = { status: 3, lock: 4, ready: 5, info: 6, systemCalls: 7 } as const;

/** Where bubblewrap needs an open file with nothing in it. */
const NULL: End = { kind: 'file', path: '/dev/null', flags: constants.O_RDWR };

/** A sandbox that is starting. */
export interface StartedSandbox {
  /** Its streams, where these were asked for. */
  child: Pick<Child, 'input' | 'output'>;
  tree: ProcessTree;
  exit: Promise<Exit>;
  /** Call after the end: throws if the sandbox could not be set up. `output` is then what bubblewrap printed. */
  mustHaveStarted(output: string): void;
}

/**
 * Starts a command. stdout and stderr both go to the named pipe `output`, or each to a stream of its own. The lock is
 * held for as long as the sandbox's first process lives.
 */
export async function startSandbox(
  { user: other, ...shared }: SandboxRoot,
  command: SandboxCommand,
  { stdin, output, lock }: { stdin: 'none' | 'stream'; output: { path: string } | 'stream'; lock?: FileLock },
): Promise<StartedSandbox> {
  const has = (guard: GuardName): boolean => isGuarded(command, guard);
  const user = has('user') ? other : undefined;
  const upper = command.layers.lower.length > 0 ? command.layers.upper?.files : undefined;
  if (upper !== undefined) await mountsGone(upper);
  if (user) await giveLayers(command.layers, user);
  // The small process has nothing that a command could inherit: only this one can show what these guards keep out.
  const isShown = has('descriptors') && has('empty-environment');
  const launcher = lock?.holder ?? (isShown ? await findLauncher() : thisProcess);
  const { ends, args } = connect(launcher, { stdin, output, lock, user }, { systemCalls: shared.systemCalls, has });
  const list = bwrapArguments({ ...shared, user }, command, args);
  // An empty environment, since commands could read bubblewrap's at /proc/1/environ.
  const env = has('empty-environment') ? {} : undefined;
  const start = { file: shared.bubblewrap, args: list, cwd: '/', env, ends };
  const child = await launcher.start(start).catch((error: unknown) => Promise.reject(toSandboxError(error)));
  const exit = child.exit.catch((error: unknown) => Promise.reject(toSandboxError(error)));
  let ended: Exit | undefined;
  void exit.then(
    (end) => (ended = end),
    () => undefined,
  );
  const reports = child.output(FD.status);
  let report = '';
  let problem: string | undefined;
  reports.on('data', (chunk: Buffer) => {
    report += chunk.toString();
    const pid = /"child-pid": (\d+)/.exec(report)?.[1];
    if (pid === undefined || problem !== undefined) return;
    if (upper !== undefined) holdMounts(exit, Number(pid), upper);
    problem = user ? letSetUp(child, Number(pid), user) : '';
  });
  return {
    child,
    exit,
    tree: pidNamespaceTree({ exit, kill: () => child.kill() }, reports),
    mustHaveStarted: (words) => {
      // A signal from outside, such as the kernel's when memory runs out, counts as the command's end.
      if (report.includes('"exit-code"') || (ended?.signal && !problem)) return;
      const message = `bubblewrap could not set up the sandbox: ${problem || words.trim()}`;
      throw new SandboxError('isolation', message, { exitCode: ended?.exitCode ?? null });
    },
  };
}

/** The descriptors of bubblewrap, and their numbers in its arguments. */
function connect(
  launcher: Launcher,
  parts: {
    stdin: 'none' | 'stream';
    output: { path: string } | 'stream';
    lock: FileLock | undefined;
    user: CommandUser | undefined;
  },
  { systemCalls, has }: { systemCalls: string | undefined; has: (guard: GuardName) => boolean },
): { ends: (End | undefined)[]; args: Descriptors } {
  const { stdin, output, lock, user } = parts;
  const words: End = output === 'stream' ? { kind: 'stream' } : { kind: 'pipe', path: output.path };
  const ends: (End | undefined)[] = [{ kind: stdin }, words, words, { kind: 'texts' }];
  const args: Descriptors = { lastWill: launcher.word, status: FD.status, closed: [] };
  if (lock) {
    ends[FD.lock] = { kind: 'lock', lock: lock.number };
    if (has('lock-descriptor')) args.lock = FD.lock;
  }
  if (user) {
    Object.assign(ends, { [FD.ready]: { kind: 'texts' }, [FD.info]: NULL });
    Object.assign(args, { ready: FD.ready, info: FD.info });
  }
  if (systemCalls !== undefined && has('system-calls')) {
    // Opened each time: a descriptor that was read once is at the file's end.
    ends[FD.systemCalls] = { kind: 'file', path: systemCalls, flags: constants.O_RDONLY };
    args.systemCalls = FD.systemCalls;
  }
  if (has('descriptors')) args.closed = launcher.inherited.filter((fd) => ends[fd] === undefined);
  for (const fd of args.closed) ends[fd] = NULL;
  return { ends, args };
}

/** Maps the ids of bubblewrap's user namespace and lets it go on with the setup. Returns the problem, or ''. */
function letSetUp(child: Child, pid: number, user: CommandUser): string {
  const ready = child.input(FD.ready).on('error', () => undefined);
  try {
    mapCommandUser(pid, user);
    ready.end('x');
    return '';
  } catch (error) {
    child.kill();
    return `can't map user ${user.uid} into it: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A helper process that was killed is started anew, so the same command can be tried again. */
export function toSandboxError(error: unknown): SandboxError {
  const problem = error instanceof Error ? error.message : String(error);
  if (error instanceof StarterEnded) return new SandboxError('busy', `a command was ended: ${problem}`, {}, error);
  return new SandboxError('isolation', `can't start a command: ${problem}`, {}, error);
}
