/**
 * Makes the /etc that commands see: our own passwd, group and hosts, and copies of files that programs need.
 * Rule: copied are only files on a fixed list that every user of the host may read. They lie in one folder, since a
 * mount for each file would double the time that a sandbox takes to start.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SANDBOX_ID } from './command-user.ts';
import { isRunning } from '../processes/process-tree.ts';
import { SANDBOX_HOME } from './root-arguments.ts';

/** Files and folders of the host's /etc that programs need and that hold no secret. */
const COPIED = [
  'alternatives ca-certificates ca-certificates.conf debian_version fonts java-17-openjdk java-21-openjdk',
  'ld.so.cache ld.so.conf ld.so.conf.d locale.alias locale.conf localtime magic magic.mime maven/m2.conf mime.types',
  'os-release perl pki protocols python3 services ssl terminfo timezone xml',
].flatMap((line) => line.split(' '));

/** Settings of git for the workspace's scratch repository, and for repositories that tests make. */
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

const OWN: Record<string, string> = {
  passwd: [
    'root:x:0:0:root:/root:/bin/false',
    `coxswain:x:${SANDBOX_ID}:${SANDBOX_ID}:coxswain:${SANDBOX_HOME}:/bin/sh`,
    'nobody:x:65534:65534::/:/bin/false\n',
  ].join('\n'),
  group: `root:x:0:\ncoxswain:x:${SANDBOX_ID}:\nnogroup:x:65534:\n`,
  // Servers and tests need the name localhost. The host's own network settings stay hidden.
  'resolv.conf': '',
  'gai.conf': '',
  hosts: '127.0.0.1 localhost coxswain\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  // git accepts the workspace whatever user owns its layers on the host (safe.directory).
  gitconfig: GIT_CONFIG,
};

/** Makes this process's folder under `stateDir`, and removes those of processes that are gone. */
export function prepareEtc(stateDir: string): string {
  const parent = join(stateDir, 'etc');
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (!isRunning(Number.parseInt(name, 10))) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const etc = join(parent, `${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(etc);
  for (const name of COPIED.filter((each) => existsSync(join('/etc', each)))) {
    mkdirSync(dirname(join(etc, name)), { recursive: true });
    cpSync(join('/etc', name), join(etc, name), { recursive: true, verbatimSymlinks: true, filter: isPublic });
  }
  for (const [name, text] of Object.entries(OWN)) writeFileSync(join(etc, name), text);
  openToAll(etc);
  return etc;
}

/** Whether every user may read a file. A root worker could copy others too, and must not. */
function isPublic(path: string): boolean {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return true;
  return stat.isDirectory() ? (stat.mode & 0o005) === 0o005 : stat.isFile() && (stat.mode & 0o004) !== 0;
}

/** Lets the command user read the whole folder, whatever the worker's umask is. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openToAll(join(folder, entry.name));
    else if (entry.isFile()) chmodSync(join(folder, entry.name), 0o644);
  }
}
