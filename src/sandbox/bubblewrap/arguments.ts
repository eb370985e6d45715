/**
 * The command line of bubblewrap for one command: an allow-listed root, a constant /workspace, no network.
 * Rule: what is not named here does not exist inside; host paths come only from the caller's layers and fixed lists.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SANDBOX_ID, SETPRIV } from './command-user.ts';
import type { GuardName } from '../guards.ts';
import { isGuarded } from '../guards.ts';
import type { Layers, SandboxRoot, SandboxCommand, Descriptors } from './layout.ts';
import { limitScript } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { folderArguments, rootArguments, SANDBOX_HOME } from './root-arguments.ts';
import { SANDBOX_TOOLS, TOOLS_VARIABLE } from './toolbox.ts';
import { toolchainArguments } from './toolchains.ts';

/** Where every command finds the working copy. */
const SANDBOX_WORKSPACE = '/workspace';
const SANDBOX_PATH = `/usr/local/bin:/usr/bin:/bin:${SANDBOX_TOOLS}`;

/** Limits of a user namespace that its root may write: nested namespaces, inotify instances and watches. */
const NAMESPACE_SETTINGS = '/proc/sys/user';
/** A namespace's inotify use counts for the worker's root too, so each command gets this share of the host's limit. */
const WATCH_INSTANCES_SHARE = 10;
const MIN_WATCH_INSTANCES = 8;
const PAGE_BYTES = 4096;

/** The arguments for one command. */
export function bwrapArguments(root: SandboxRoot, command: SandboxCommand, descriptors: Descriptors): string[] {
  const { layers, env, binds = [] } = command;
  const variables = {
    PATH: [...root.toolchains.map(({ bin }) => bin), SANDBOX_PATH].join(':'),
    HOME: SANDBOX_HOME,
    USER: 'coxswain',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    CI: 'true',
    ...env,
    [TOOLS_VARIABLE]: SANDBOX_TOOLS,
  };
  const has = (guard: GuardName): boolean => isGuarded(command, guard);
  return [
    descriptorArguments(descriptors),
    namespaceArguments(command),
    userArguments(root, command),
    has('death') ? ['--die-with-parent'] : [],
    has('session') ? ['--new-session'] : [],
    rootArguments(root, command),
    toolchainArguments(root.toolchains),
    binds.flatMap(({ source, target }) => [...folderArguments(dirname(target)), '--ro-bind', source, target]),
    layerArguments(layers),
    has('read-only-root') ? ['--remount-ro', '/'] : [],
    ['--chdir', SANDBOX_WORKSPACE],
    has('clear-environment') ? ['--clearenv'] : [],
    Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    ['--', ...shim(root, command, descriptors), ...commandLine(command.command)],
  ].flat();
}

/** `--args fd` makes bubblewrap read more arguments from a descriptor and close it: here these are empty. */
function descriptorArguments({ status, closed, lock, ready, info, systemCalls }: Descriptors): string[] {
  return [
    closed.flatMap((fd) => ['--args', String(fd)]),
    ['--json-status-fd', String(status)],
    lock === undefined ? [] : ['--sync-fd', String(lock)],
    ready === undefined ? [] : ['--userns-block-fd', String(ready), '--info-fd', String(info)],
    systemCalls === undefined ? [] : ['--seccomp', String(systemCalls)],
  ].flat();
}

/** A namespace of each kind. Bubblewrap always makes the mount namespace. */
function namespaceArguments(command: SandboxCommand): string[] {
  const has = (guard: GuardName): boolean => isGuarded(command, guard);
  return [
    ['--unshare-user'],
    has('network') ? ['--unshare-net'] : [],
    has('processes') ? ['--unshare-pid'] : [],
    has('ipc') ? ['--unshare-ipc'] : [],
    has('hostname') ? ['--unshare-uts', '--hostname', 'coxswain'] : [],
    has('control-groups') ? ['--unshare-cgroup-try'] : [],
  ].flat();
}

/**
 * What the namespace's root needs to become the command user, to forbid more namespaces, and to enter a workspace's
 * folder that only its owner may enter. They count in this namespace only.
 */
const SHIM_CAPABILITIES = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SYS_RESOURCE', 'CAP_DAC_READ_SEARCH'];

/**
 * A worker that is not root has user id 1000 in the namespace. A root worker is root in the namespace at first, with
 * only the capabilities that the shim needs.
 */
function userArguments({ user }: SandboxRoot, command: SandboxCommand): string[] {
  const drop = isGuarded(command, 'capabilities') ? ['--cap-drop', 'ALL'] : [];
  if (user) return [...drop, ...SHIM_CAPABILITIES.flatMap((name) => ['--cap-add', name])];
  const disable = isGuarded(command, 'user-namespaces') ? ['--disable-userns'] : [];
  return [...drop, ...disable, '--uid', String(SANDBOX_ID), '--gid', String(SANDBOX_ID)];
}

/** The script between bubblewrap and the command: it sets limits and, if it is root, becomes the command user. */
function shim({ user }: SandboxRoot, command: SandboxCommand, { ready, lastWill }: Descriptors): string[] {
  const steps = [
    user ? [`exec ${ready}<&-`] : [],
    user && isGuarded(command, 'user-namespaces') ? [`echo 0 > ${NAMESPACE_SETTINGS}/max_user_namespaces`] : [],
    user && isGuarded(command, 'kernel-limits') ? [watchScript(), sharedMemoryScript(command.limits)] : [],
    isGuarded(command, 'kernel-limits') ? [limitScript(command.limits)] : [],
    ['shift', 'exec "$@"'],
  ].flat();
  const token = isGuarded(command, 'last-will') ? lastWill : '-';
  const script = ['/bin/sh', '-c', steps.join('; '), 'sh', token];
  if (!user) return script;
  const ids = ['--reuid', '--regid'].flatMap((option) => [option, String(SANDBOX_ID)]);
  const drop = isGuarded(command, 'capabilities') ? ['--inh-caps', '-all', '--bounding-set', '-all'] : [];
  return [...script, SETPRIV, ...ids, '--clear-groups', ...drop, '--'];
}

/** Limits inotify to one command's share of the host's. */
function watchScript(): string {
  const read = (name: string): number => Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'latin1'));
  const instances = Math.max(MIN_WATCH_INSTANCES, Math.floor(read('max_user_instances') / WATCH_INSTANCES_SHARE));
  const watches = Math.floor(read('max_user_watches') / WATCH_INSTANCES_SHARE);
  const set = (name: string, value: number): string => `echo ${value} > ${NAMESPACE_SETTINGS}/${name}`;
  return `{ ${set('max_inotify_instances', instances)}; ${set('max_inotify_watches', watches)}; } 2>/dev/null`;
}

/** Limits shared memory as a whole to the command's memory: the watch can't see segments that no process attached. */
function sharedMemoryScript({ memoryBytes }: Limits): string {
  return `{ echo ${Math.floor(memoryBytes / PAGE_BYTES)} > /proc/sys/kernel/shmall; } 2>/dev/null`;
}

/** The argument vector of a command: a string is a line for `sh -c`. */
export function commandLine(command: string | readonly string[]): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : [...command];
}

function layerArguments({ lower, upper }: Layers): string[] {
  const [only, ...more] = lower;
  if (upper !== undefined && only === undefined) return ['--bind', upper.files, SANDBOX_WORKSPACE];
  if (upper === undefined && only !== undefined && more.length === 0) return ['--ro-bind', only, SANDBOX_WORKSPACE];
  const sources = lower.flatMap((folder) => ['--overlay-src', folder]);
  if (upper === undefined) return [...sources, '--ro-overlay', SANDBOX_WORKSPACE];
  return [...sources, '--overlay', upper.files, upper.work, SANDBOX_WORKSPACE];
}
