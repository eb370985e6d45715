/**
 * Runs one command, in the sandbox or directly, until its whole process tree is dead, and returns how it ended.
 * Rule: a command is over only when every process that it started is dead; output of any size takes constant memory.
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { commandLine } from '../bubblewrap/arguments.ts';
import type { CommandRequest, CommandResult } from './request.ts';
import type { GuardName } from '../guards.ts';
import { lastWillToken } from '../processes/last-will.ts';
import type { Bind, Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import type { OutputPipe } from '../processes/output-pipe.ts';
import { groupTree, pidNamespaceTree } from '../processes/process-tree.ts';
import { exitOf, startSandbox } from '../bubblewrap/start-sandbox.ts';
import type { StartedSandbox } from '../bubblewrap/start-sandbox.ts';
import { commandLimitsOf, superviseProcess } from './supervise-process.ts';
import type { Started } from './supervise-process.ts';

/**
 * Runs a command in the sandbox over these layers. The lock on `lockFd` is held for as long as the sandbox lives.
 * `binds` are more host files that the command sees. Only the guards' own tests set `without`.
 */
export async function runInSandbox(
  root: SandboxRoot,
  {
    layers,
    request,
    lockFd,
    binds,
    without = [],
  }: { layers: Layers; request: CommandRequest; lockFd?: number; binds?: Bind[]; without?: readonly GuardName[] },
): Promise<CommandResult> {
  const { command, env = {} } = request;
  let sandbox: StartedSandbox | undefined;
  const folder = layers.upper?.files;
  const result = await superviseProcess(request, { isolation: 'bwrap', folder, without }, async (pipe) => {
    const limits = commandLimitsOf(request);
    const inside = { layers, env, command, limits, without, ...(binds === undefined ? {} : { binds }) };
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const lock = lockFd === undefined ? {} : { lockFd };
    return (sandbox = await startSandbox(root, inside, { stdin, output: pipe.writeFd, ...lock }));
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
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const options = { cwd: folder, env };
    if (pidNamespace) return await Promise.resolve(startInPidNamespace(pidNamespace, line, options, stdin, pipe));
    const [program = '', ...args] = line;
    const child = spawn(program, args, { ...options, detached: true, stdio: [stdin, pipe.writeFd, pipe.writeFd] });
    return { child, exit: exitOf(child), tree: groupTree(child) };
  });
}

function startInPidNamespace(
  pidNamespace: readonly string[],
  line: readonly string[],
  options: { cwd: string; env: Record<string, string> },
  stdin: 'ignore' | 'pipe',
  { writeFd }: OutputPipe,
): Started {
  const [program = '', ...args] = [...pidNamespace, '--json-status-fd', '3', '--chdir', options.cwd, '--', ...line];
  const child = spawn(program, args, { ...options, stdio: [stdin, writeFd, writeFd, 'pipe'] });
  return { child, exit: exitOf(child), tree: pidNamespaceTree(child, child.stdio[3] as Readable) };
}
