/**
 * Runs one command, in the sandbox or directly, until its whole process tree is dead, and returns how it ended.
 * Rule: a command is over only when every process that it started is dead; output of any size takes constant memory.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Exit, FileLock } from '../../programs/child.ts';
import { commandLine } from '../bubblewrap/arguments.ts';
import type { CommandRequest, CommandResult } from './request.ts';
import type { GuardName } from '../guards.ts';
import { lastWillToken } from '../../programs/last-will.ts';
import type { Bind, Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import type { OutputPipe } from '../processes/output-pipe.ts';
import { groupTree, pidNamespaceTree } from '../processes/process-tree.ts';
import { startSandbox, toSandboxError } from '../bubblewrap/start-sandbox.ts';
import type { StartedSandbox } from '../bubblewrap/start-sandbox.ts';
import { thisProcess } from '../../programs/starter.ts';
import { commandLimitsOf, superviseProcess } from './supervise-process.ts';
import type { Started } from './supervise-process.ts';

/**
 * Runs a command in the sandbox over these layers. The lock is held for as long as the sandbox lives.
 * `binds` are more host files that the command sees. Only the guards' own tests set `without`.
 */
export async function runInSandbox(
  root: SandboxRoot,
  {
    layers,
    request,
    lock,
    binds,
    without = [],
  }: { layers: Layers; request: CommandRequest; lock?: FileLock; binds?: Bind[]; without?: readonly GuardName[] },
): Promise<CommandResult> {
  const { command, env = {} } = request;
  let sandbox: StartedSandbox | undefined;
  const folder = layers.upper?.files;
  const result = await superviseProcess(request, { isolation: 'bwrap', folder, without }, async (pipe) => {
    const limits = commandLimitsOf(request);
    const inside = { layers, env, command, limits, without, ...(binds === undefined ? {} : { binds }) };
    const stdin = request.stdin === undefined ? 'none' : 'stream';
    sandbox = await startSandbox(root, inside, { stdin, output: pipe, ...(lock ? { lock } : {}) });
    const { child, tree, exit } = sandbox;
    return { tree, exit, stdin: stdin === 'stream' ? child.input(0) : undefined };
  });
  if (result.outcome === 'exited') sandbox?.mustHaveStarted(result.output);
  return result;
}

/** The folder and environment of a command that runs without our sandbox. */
export interface DirectPlace {
  isolation: 'external' | 'none';
  folder: string;
  path: string;
  home: string;
  tools: Record<string, string>;
  /** The start of a bubblewrap command line that gives the command a PID namespace. */
  pidNamespace?: readonly string[];
}

/**
 * Runs a command in a folder as an ordinary process of this user, with a minimal environment and its own process group.
 * Without a PID namespace, a process that leaves the group can survive.
 */
export async function runDirectly(place: DirectPlace, request: CommandRequest): Promise<CommandResult> {
  const { isolation, folder, path, home, tools, pidNamespace } = place;
  // Through sh, which exits with 127 if there is no such program.
  const line = ['/bin/sh', '-c', 'shift; exec "$@"', 'sh', lastWillToken(), ...commandLine(request.command)];
  const env = { PATH: path, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', CI: 'true', ...request.env, ...tools };
  return await superviseProcess(request, { isolation, folder }, async (pipe) => {
    const stdin = request.stdin === undefined ? 'none' : 'stream';
    const options = { cwd: folder, env };
    if (pidNamespace) return await startInPidNamespace(pidNamespace, line, options, stdin, pipe);
    const [program = '', ...args] = line;
    const input = stdin === 'none' ? 'ignore' : 'pipe';
    const child = spawn(program, args, { ...options, detached: true, stdio: [input, pipe.writeFd, pipe.writeFd] });
    return { stdin: child.stdin ?? undefined, exit: exitOf(child), tree: groupTree(child) };
  });
}

async function startInPidNamespace(
  pidNamespace: readonly string[],
  line: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
  stdin: 'none' | 'stream',
  { path }: OutputPipe,
): Promise<Started> {
  const [file = '', ...args] = [...pidNamespace, '--json-status-fd', '3', '--chdir', cwd, '--', ...line];
  const words = { kind: 'pipe', path } as const;
  const child = await thisProcess.start({
    file,
    args,
    cwd,
    env,
    ends: [{ kind: stdin }, words, words, { kind: 'texts' }],
  });
  const tree = pidNamespaceTree(child, child.output(3));
  const exit = child.exit.catch((error: unknown) => Promise.reject(toSandboxError(error)));
  return { tree, exit, stdin: stdin === 'stream' ? child.input(0) : undefined };
}

/** The end of a process that was just started. Call it at once, or a failure to start is missed. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(toSandboxError(error)));
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
