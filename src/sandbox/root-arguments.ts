/**
 * The root of a sandbox as arguments of bubblewrap: what of the host exists inside, and the folders in memory.
 * Rule: what is not named here does not exist inside; host paths come from fixed lists and the configuration only.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxCommand, SandboxRoot } from './bwrap-arguments.ts';
import { isGuarded } from './guards.ts';
import { SANDBOX_TOOLS } from './toolbox.ts';

/** The home folder of every command. */
export const SANDBOX_HOME = '/home/coxswain';

/** What a command can write beside its workspace: each is a file system in memory. */
export const TEMPORARY_FOLDERS = ['/tmp', '/dev/shm', SANDBOX_HOME];

/** How many user namespaces may be made below a namespace; its root may write it. */
export const USER_NAMESPACES = '/proc/sys/user/max_user_namespaces';

/** Files of /etc that programs need and that hold no secret. Network's come only with the network. */
const ETC = [
  'alternatives ca-certificates ca-certificates.conf debian_version fonts java-17-openjdk java-21-openjdk',
  'ld.so.cache ld.so.conf ld.so.conf.d locale.alias locale.conf localtime magic magic.mime maven/m2.conf mime.types',
  'os-release perl pki protocols python3 services ssl terminfo timezone xml',
].flatMap((line) => line.split(' '));
const ETC_NETWORK = ['resolv.conf', 'hosts', 'gai.conf'];

/**
 * Parts of /proc that the kernel guards by user id alone, and that bubblewrap leaves writable (core_pattern runs
 * programs on the host). Read-only, as Docker has them.
 */
const PROC_READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger', 'mtrr'];
/** Parts of /proc that tell about the host's memory, hardware or keys. */
const PROC_HIDDEN_FILES = [
  'kcore keys key-users kallsyms kmsg kpagecgroup kpagecount kpageflags',
  'timer_list sched_debug latency_stats slabinfo vmallocinfo iomem ioports',
].flatMap((line) => line.split(' '));
const PROC_HIDDEN_FOLDERS = ['acpi', 'asound', 'scsi'];

/** The whole root but for /workspace. */
export function rootArguments(root: SandboxRoot, command: SandboxCommand): string[] {
  const { network } = command;
  const etc = [...ETC, ...(network ? ETC_NETWORK : [])];
  return [
    isGuarded(command, 'root') ? [] : ['--ro-bind', '/', '/host'],
    ['--ro-bind', '/usr', '/usr'],
    ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap(topFolderArguments),
    ['/etc', '/opt', '/opt/coxswain', SANDBOX_TOOLS].flatMap(folderArguments),
    ['passwd', 'group', 'nsswitch.conf', 'gitconfig', ...(network ? [] : ['hosts'])].flatMap((name) => [
      '--ro-bind',
      join(root.etc, name),
      `/etc/${name}`,
    ]),
    etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    // A mount of /proc shows the processes of its maker's namespace only.
    isGuarded(command, 'processes') ? ['--proc', '/proc'] : ['--bind', '/proc', '/proc'],
    [...procArguments(root, command), '--dev', '/dev'],
    ['--dir', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp'],
    root.toolbox.programs.flatMap(({ name, source }) => ['--ro-bind', source, `${SANDBOX_TOOLS}/${name}`]),
    temporaryArguments(command),
  ].flat();
}

/** A folder that everybody can enter; those that bubblewrap makes by itself, for what is in them, are root's alone. */
export function folderArguments(path: string): string[] {
  return ['--perms', '0755', '--dir', path];
}

/** A folder of the root as the host has it: a link into /usr, a folder, or nothing. */
function topFolderArguments(name: string): string[] {
  const path = `/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return stat?.isDirectory() ? ['--ro-bind', path, path] : [];
}

function procArguments({ user }: SandboxRoot, command: SandboxCommand): string[] {
  const there = (name: string): boolean => existsSync(`/proc/${name}`);
  const readOnly = (name: string): string[] => ['--ro-bind', `/proc/${name}`, `/proc/${name}`];
  const empty = (path: string): string[] => ['--tmpfs', path, '--remount-ro', path];
  return [
    isGuarded(command, 'kernel-settings') ? PROC_READ_ONLY.filter(there).flatMap(readOnly) : [],
    user ? ['--bind', USER_NAMESPACES, USER_NAMESPACES] : [],
    isGuarded(command, 'first-process') ? empty('/proc/1') : [],
    !isGuarded(command, 'kernel-facts')
      ? []
      : [
          ...PROC_HIDDEN_FILES.filter(there).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
          ...PROC_HIDDEN_FOLDERS.filter(there).flatMap((name) => empty(`/proc/${name}`)),
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
