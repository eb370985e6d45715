/**
 * The command line of bubblewrap for one command: an allow-listed root, a constant /workspace, no network unless
 * granted.
 * Rule: what is not named here does not exist inside; host paths come only from the caller's layers and from fixed
 * lists.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SANDBOX_ID, SETPRIV } from './command-user.ts';
import type { CommandUser } from './command-user.ts';
import { limitScript } from './limits.ts';
import type { Limits } from './limits.ts';
import { SANDBOX_TOOLS, TOOLS_VARIABLE } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';

/** Where every command finds the working copy. */
const SANDBOX_WORKSPACE = '/workspace';
export const SANDBOX_HOME = '/home/coxswain';
const SANDBOX_PATH = `/usr/local/bin:/usr/bin:/bin:${SANDBOX_TOOLS}`;

/**
 * What /workspace is made of: read-only layers, lowest first, and the folder that takes the changes, which is all of it
 * where no layers are below.
 */
export interface Layers {
  lower: readonly string[];
  /** Absent for a view that nobody can write. `work` is overlayfs' own scratch folder on the same file system. */
  upper?: { files: string; work: string };
}

/** A file of ours that one command sees, read-only; a socket can still be connected to. */
export interface Bind {
  source: string;
  target: string;
}

/** The parts of the sandbox that are the same for every command on this host. */
export interface SandboxRoot {
  bubblewrap: string;
  toolbox: Toolbox;
  /** Our own passwd, group, hosts and nsswitch.conf. */
  etc: string;
  /** Whom commands run as, outside of the sandbox; undefined where they are the worker's own user. */
  user: CommandUser | undefined;
}

/** What runs, over what. */
export interface SandboxCommand {
  layers: Layers;
  network: boolean;
  env: Record<string, string>;
  command: string | readonly string[];
  binds?: readonly Bind[];
  limits: Limits;
}

/** Numbers of the descriptors that bubblewrap gets beyond the standard ones. */
interface Descriptors {
  /** Takes bubblewrap's own reports. */
  status: number;
  /** Closed before the command starts. */
  closed: readonly number[];
  /** Stays open in the sandbox's first process only. */
  lock?: number;
  /** Says that the user namespace has its ids; `info` must be there beside it. */
  ready?: number;
  info?: number;
}

/** Files of /etc that programs need and that hold no secret. Network's come only with the network. */
const ETC = [
  'alternatives ca-certificates ca-certificates.conf debian_version fonts java-17-openjdk java-21-openjdk',
  'ld.so.cache ld.so.conf ld.so.conf.d locale.alias locale.conf localtime magic magic.mime maven/m2.conf mime.types',
  'os-release perl pki protocols python3 services ssl terminfo timezone xml',
].flatMap((line) => line.split(' '));
const ETC_NETWORK = ['resolv.conf', 'hosts', 'gai.conf'];

/**
 * Parts of /proc that the kernel guards by user id alone: for a root worker the command's user is root to them, and
 * bubblewrap leaves /proc/sys writable (core_pattern runs programs on the host). Read-only, as Docker has them.
 */
const PROC_READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger', 'mtrr'];
/** How many user namespaces may be made below a namespace; its root may write it. */
const USER_NAMESPACES = '/proc/sys/user/max_user_namespaces';
/** Parts of /proc that tell about the host's memory, hardware or keys. */
const PROC_HIDDEN_FILES = [
  'kcore keys key-users kallsyms kmsg kpagecgroup kpagecount kpageflags',
  'timer_list sched_debug latency_stats slabinfo vmallocinfo iomem ioports',
].flatMap((line) => line.split(' '));
const PROC_HIDDEN_FOLDERS = ['acpi', 'asound', 'scsi'];

/** The arguments for one command. */
export function bwrapArguments(root: SandboxRoot, command: SandboxCommand, descriptors: Descriptors): string[] {
  const { layers, network, env, binds = [] } = command;
  const variables = {
    PATH: SANDBOX_PATH,
    HOME: SANDBOX_HOME,
    USER: 'coxswain',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    CI: 'true',
    ...env,
    [TOOLS_VARIABLE]: SANDBOX_TOOLS,
  };
  return [
    descriptorArguments(descriptors),
    ['--unshare-all', ...(network ? ['--share-net'] : []), '--hostname', 'coxswain'],
    ['--die-with-parent', '--new-session'],
    userArguments(root),
    rootArguments(root, network),
    temporaryArguments(command.limits),
    binds.flatMap(({ source, target }) => [...folderArguments(dirname(target)), '--ro-bind', source, target]),
    layerArguments(layers),
    ['--remount-ro', '/', '--chdir', SANDBOX_WORKSPACE, '--clearenv'],
    Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    ['--', ...shim(root, command.limits, descriptors), ...commandLine(command.command)],
  ].flat();
}

/** Bubblewrap closes what it reads arguments from: nothing, here. */
function descriptorArguments({ status, closed, lock, ready, info }: Descriptors): string[] {
  return [
    closed.flatMap((fd) => ['--args', String(fd)]),
    ['--json-status-fd', String(status)],
    lock === undefined ? [] : ['--sync-fd', String(lock)],
    ready === undefined ? [] : ['--userns-block-fd', String(ready), '--info-fd', String(info)],
  ].flat();
}

/**
 * What the namespace's root needs to become the user, to forbid more namespaces, and to enter a workspace's folder that
 * is closed to others. All are of this namespace only.
 */
const SHIM_CAPABILITIES = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SYS_RESOURCE', 'CAP_DAC_READ_SEARCH'];

/**
 * Another user than root sets up its own namespace and is 1000 in it. Root sets it up as root of the namespace only,
 * and keeps of its capabilities what the shim needs.
 */
function userArguments({ user }: SandboxRoot): string[] {
  const drop = ['--unshare-user', '--cap-drop', 'ALL'];
  if (!user) return [...drop, '--disable-userns', '--uid', String(SANDBOX_ID), '--gid', String(SANDBOX_ID)];
  return [...drop, ...SHIM_CAPABILITIES.flatMap((name) => ['--cap-add', name])];
}

/** What runs between bubblewrap and the command: it sets limits and, as the namespace's root, becomes the user. */
function shim({ user }: SandboxRoot, limits: Limits, { ready }: Descriptors): string[] {
  const steps = [limitScript(limits), 'exec "$@"'];
  if (!user) return ['/bin/sh', '-c', steps.join('; '), 'sh'];
  steps.unshift(`exec ${ready}<&-`, `echo 0 > ${USER_NAMESPACES}`);
  const ids = ['--reuid', '--regid'].flatMap((option) => [option, String(SANDBOX_ID)]);
  const become = [SETPRIV, ...ids, '--clear-groups', '--inh-caps', '-all', '--bounding-set', '-all', '--'];
  return ['/bin/sh', '-c', steps.join('; '), 'sh', ...become];
}

/** A command's argument vector. */
export function commandLine(command: string | readonly string[]): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : [...command];
}

function rootArguments(root: SandboxRoot, network: boolean): string[] {
  const etc = [...ETC, ...(network ? ETC_NETWORK : [])];
  return [
    ['--ro-bind', '/usr', '/usr'],
    ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap(topFolderArguments),
    ['/etc', '/opt', '/opt/coxswain', SANDBOX_TOOLS].flatMap(folderArguments),
    ['passwd', 'group', 'nsswitch.conf', 'gitconfig', ...(network ? [] : ['hosts'])].flatMap((name) => [
      '--ro-bind',
      join(root.etc, name),
      `/etc/${name}`,
    ]),
    etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ['--proc', '/proc', ...procArguments(root), '--dev', '/dev'],
    ['--dir', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp'],
    root.toolbox.programs.flatMap(({ name, source }) => ['--ro-bind', source, `${SANDBOX_TOOLS}/${name}`]),
  ].flat();
}

/** All that a command can write beside its workspace: folders in memory, gone with it. */
function temporaryArguments({ temporaryBytes }: Limits): string[] {
  const mount = ['--perms', '1777', '--size', String(Math.floor(temporaryBytes)), '--tmpfs'];
  return ['--remount-ro', '/dev', ...['/tmp', '/dev/shm', SANDBOX_HOME].flatMap((path) => [...mount, path])];
}

/** A folder that everybody can enter; those that bubblewrap makes by itself, for what is in them, are root's alone. */
function folderArguments(path: string): string[] {
  return ['--perms', '0755', '--dir', path];
}

/** A folder of the root as the host has it: a link into /usr, a folder, or nothing. */
function topFolderArguments(name: string): string[] {
  const path = `/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return stat?.isDirectory() ? ['--ro-bind', path, path] : [];
}

function procArguments({ user }: SandboxRoot): string[] {
  const there = (name: string): boolean => existsSync(`/proc/${name}`);
  return [
    ...PROC_READ_ONLY.filter(there).flatMap((name) => ['--ro-bind', `/proc/${name}`, `/proc/${name}`]),
    // The first process holds the lock: where it is of the commands' own user, they must not find it.
    ...(user ? ['--bind', USER_NAMESPACES, USER_NAMESPACES] : ['--tmpfs', '/proc/1', '--remount-ro', '/proc/1']),
    ...PROC_HIDDEN_FILES.filter(there).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    ...PROC_HIDDEN_FOLDERS.filter(there).flatMap((name) => [
      '--tmpfs',
      `/proc/${name}`,
      '--remount-ro',
      `/proc/${name}`,
    ]),
  ];
}

function layerArguments({ lower, upper }: Layers): string[] {
  const [only, ...more] = lower;
  if (upper !== undefined && only === undefined) return ['--bind', upper.files, SANDBOX_WORKSPACE];
  if (upper === undefined && only !== undefined && more.length === 0) return ['--ro-bind', only, SANDBOX_WORKSPACE];
  const sources = lower.flatMap((folder) => ['--overlay-src', folder]);
  if (upper === undefined) return [...sources, '--ro-overlay', SANDBOX_WORKSPACE];
  return [...sources, '--overlay', upper.files, upper.work, SANDBOX_WORKSPACE];
}
