/**
 * The root of a sandbox as arguments of bubblewrap: the host folders that exist inside, and the folders in memory.
 * Rule: what is not named here does not exist inside; host paths come only from fixed lists and the configuration.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { isGuarded } from '../guards.ts';
import type { SandboxCommand, SandboxRoot } from './layout.ts';
import { statIfThere } from '../files/stat-if-there.ts';
import { SANDBOX_TOOLS } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';

/** The home folder of every command. */
export const SANDBOX_HOME = '/home/coxswain';

/** The folders that a command can write besides its workspace. Each is a file system in memory. */
export const TEMPORARY_FOLDERS = ['/tmp', '/dev/shm', SANDBOX_HOME];

/**
 * Parts of /proc that the kernel protects only by user id, and that bubblewrap leaves writable (core_pattern runs
 * programs on the host). Made read-only, as Docker does, for commands that run as root on the host.
 */
const PROC_READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger', 'mtrr'];
/** Parts of /proc about the host's memory, hardware or keys: hidden where the command could read them. */
const PROC_HIDDEN_FILES = [
  'kcore keys key-users kallsyms kmsg kpagecgroup kpagecount kpageflags',
  'timer_list sched_debug latency_stats slabinfo vmallocinfo iomem ioports',
].flatMap((line) => line.split(' '));
const PROC_HIDDEN_FOLDERS = ['acpi', 'asound', 'scsi'];

/** The whole root except /workspace. */
export function rootArguments(root: SandboxRoot, command: SandboxCommand): string[] {
  return [
    isGuarded(command, 'root') ? [] : ['--ro-bind', '/', '/host'],
    ['--ro-bind', '/usr', '/usr'],
    ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap(topFolderArguments),
    ['--ro-bind', root.etc, '/etc'],
    // A new mount of /proc shows only the processes of the namespace in which it is made.
    isGuarded(command, 'processes') ? ['--proc', '/proc'] : ['--bind', '/proc', '/proc'],
    [...procArguments(root, command), '--dev', '/dev'],
    ['--dir', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp'],
    ['/opt', '/opt/coxswain', SANDBOX_TOOLS].flatMap(folderArguments),
    toolboxArguments(root.toolbox),
    temporaryArguments(command),
  ].flat();
}

/** A folder that every user can enter. Only root can enter the parent folders that bubblewrap makes by itself. */
export function folderArguments(path: string): string[] {
  return ['--perms', '0755', '--dir', path];
}

function toolboxArguments({ folder, links }: Toolbox): string[] {
  if (links.length === 0) return ['--ro-bind', folder, SANDBOX_TOOLS];
  return links.flatMap(({ name, source }) => ['--ro-bind', source, `${SANDBOX_TOOLS}/${name}`]);
}

/** A top-level folder as the host has it: a link into /usr, a folder, or nothing. */
function topFolderArguments(name: string): string[] {
  const path = `/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return stat?.isDirectory() ? ['--ro-bind', path, path] : [];
}

/** Stats of files in /proc, looked up once: they do not change while this kernel runs. */
const kernelFiles = new Map<string, Stats | undefined>();

function stat(name: string): Stats | undefined {
  if (!kernelFiles.has(name)) kernelFiles.set(name, statIfThere(`/proc/${name}`));
  return kernelFiles.get(name);
}

function procArguments({ user }: SandboxRoot, command: SandboxCommand): string[] {
  const isRoot = !user && process.geteuid?.() === 0;
  const isReadable = (name: string): boolean => ((stat(name)?.mode ?? 0) & (isRoot ? 0o777 : 0o004)) !== 0;
  const empty = (path: string): string[] => ['--tmpfs', path, '--remount-ro', path];
  const readOnly = PROC_READ_ONLY.filter((name) => isRoot && stat(name));
  return [
    isGuarded(command, 'kernel-settings')
      ? readOnly.flatMap((name) => ['--ro-bind', `/proc/${name}`, `/proc/${name}`])
      : [],
    isGuarded(command, 'first-process') ? empty('/proc/1') : [],
    !isGuarded(command, 'kernel-facts')
      ? []
      : [
          ...PROC_HIDDEN_FILES.filter(isReadable).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
          ...PROC_HIDDEN_FOLDERS.filter((name) => isRoot && stat(name)).flatMap((name) => empty(`/proc/${name}`)),
        ],
  ].flat();
}

function temporaryArguments(command: SandboxCommand): string[] {
  const size = String(Math.floor(command.limits.temporaryBytes));
  const mount = ['--perms', '1777', ...(isGuarded(command, 'temporary-size') ? ['--size', size] : []), '--tmpfs'];
  return [
    isGuarded(command, 'read-only-root') ? ['--remount-ro', '/dev'] : [],
    TEMPORARY_FOLDERS.flatMap((path) => [...mount, path]),
  ].flat();
}
