/**
 * The command line of bubblewrap for one command: an allow-listed root, a constant /workspace, no network unless
 * granted.
 * Rule: what is not named here does not exist inside; host paths come only from the caller's layers and from fixed
 * lists.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SANDBOX_TOOLS, TOOLS_VARIABLE } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';

/** Where every command finds the working copy. */
const SANDBOX_WORKSPACE = '/workspace';
const SANDBOX_HOME = '/home/coxswain';
const SANDBOX_PATH = `/usr/local/bin:/usr/bin:/bin:${SANDBOX_TOOLS}`;

/** What /workspace is made of: read-only layers, lowest first, and the folder that takes the changes. */
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
/** Parts of /proc that tell about the host's memory, hardware or keys. */
const PROC_HIDDEN_FILES = [
  'kcore keys key-users kallsyms kmsg kpagecgroup kpagecount kpageflags',
  'timer_list sched_debug latency_stats slabinfo vmallocinfo iomem ioports',
].flatMap((line) => line.split(' '));
const PROC_HIDDEN_FOLDERS = ['acpi', 'asound', 'scsi'];

/** For the scratch repository of a workspace, and for those that its commands make: tests of tools often do. */
const GIT_CONFIG = `[user]
\tname = Coxswain agent
\temail = agent@localhost
[safe]
\tdirectory = *
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
`;

/** Writes the files of /etc that are ours. */
export async function prepareEtc(stateDir: string): Promise<string> {
  const etc = join(stateDir, 'etc');
  await mkdir(etc, { recursive: true });
  await writeFile(
    join(etc, 'passwd'),
    `coxswain:x:1000:1000:coxswain:${SANDBOX_HOME}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
  );
  await writeFile(join(etc, 'group'), 'coxswain:x:1000:\nnogroup:x:65534:\n');
  // Servers and tests on localhost need its name also where there is no network.
  await writeFile(join(etc, 'hosts'), '127.0.0.1 localhost coxswain\n::1 localhost\n');
  await writeFile(join(etc, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  // Whoever owns the layers outside, the workspace belongs to its commands.
  await writeFile(join(etc, 'gitconfig'), GIT_CONFIG);
  return etc;
}

/**
 * The arguments for one command. `statusFd` gets bubblewrap's own reports; `lockFd` stays open in the sandbox's first
 * process only.
 */
export function bwrapArguments(
  root: SandboxRoot,
  request: {
    layers: Layers;
    network: boolean;
    env: Record<string, string>;
    command: string | readonly string[];
    binds?: readonly Bind[];
    statusFd?: number;
    lockFd?: number;
  },
): string[] {
  const { layers, network, env, command, binds = [] } = request;
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
    ['--unshare-all', ...(network ? ['--share-net'] : []), '--unshare-user', '--disable-userns'],
    ['--uid', '1000', '--gid', '1000', '--hostname', 'coxswain', '--cap-drop', 'ALL'],
    ['--die-with-parent', '--new-session'],
    request.statusFd === undefined ? [] : ['--json-status-fd', String(request.statusFd)],
    request.lockFd === undefined ? [] : ['--sync-fd', String(request.lockFd)],
    rootArguments(root, network),
    binds.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    layerArguments(layers),
    ['--remount-ro', '/', '--chdir', SANDBOX_WORKSPACE, '--clearenv'],
    Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    ['--', ...commandLine(command)],
  ].flat();
}

/** A command's argument vector; a list goes through sh too, which says 127 for a program that is not there. */
export function commandLine(command: string | readonly string[]): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : ['/bin/sh', '-c', 'exec "$@"', 'sh', ...command];
}

function rootArguments(root: SandboxRoot, network: boolean): string[] {
  const etc = [...ETC, ...(network ? ETC_NETWORK : [])];
  return [
    ['--ro-bind', '/usr', '/usr'],
    ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'].flatMap(topFolderArguments),
    ['passwd', 'group', 'nsswitch.conf', 'gitconfig', ...(network ? [] : ['hosts'])].flatMap((name) => [
      '--ro-bind',
      join(root.etc, name),
      `/etc/${name}`,
    ]),
    etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ['--proc', '/proc', ...procArguments(), '--dev', '/dev'],
    ['--perms', '1777', '--tmpfs', '/tmp', '--tmpfs', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp'],
    ['--tmpfs', SANDBOX_HOME],
    root.toolbox.programs.flatMap(({ name, source }) => ['--ro-bind', source, `${SANDBOX_TOOLS}/${name}`]),
  ].flat();
}

/** A folder of the root as the host has it: a link into /usr, a folder, or nothing. */
function topFolderArguments(name: string): string[] {
  const path = `/${name}`;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return stat?.isDirectory() ? ['--ro-bind', path, path] : [];
}

function procArguments(): string[] {
  const there = (name: string): boolean => existsSync(`/proc/${name}`);
  return [
    ...PROC_READ_ONLY.filter(there).flatMap((name) => ['--ro-bind', `/proc/${name}`, `/proc/${name}`]),
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
  if (upper === undefined && only !== undefined && more.length === 0) return ['--ro-bind', only, SANDBOX_WORKSPACE];
  const sources = lower.flatMap((folder) => ['--overlay-src', folder]);
  if (upper === undefined) return [...sources, '--ro-overlay', SANDBOX_WORKSPACE];
  return [...sources, '--overlay', upper.files, upper.work, SANDBOX_WORKSPACE];
}
