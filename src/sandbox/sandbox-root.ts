/**
 * Prepares what every sandbox on this host shares: our own files of /etc, the toolbox, the user of its commands.
 * Rule: made once for a state folder, from nothing but this program and this host.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxRoot } from './bwrap-arguments.ts';
import { findCommandUser, SANDBOX_ID } from './command-user.ts';
import { SANDBOX_HOME } from './root-arguments.ts';
import { seccompFilter } from './seccomp-filter.ts';
import { prepareToolbox } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';
import { readToolchain } from './toolchains.ts';

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

const ETC_FILES = {
  passwd: [
    'root:x:0:0:root:/root:/bin/false',
    `coxswain:x:${SANDBOX_ID}:${SANDBOX_ID}:coxswain:${SANDBOX_HOME}:/bin/sh`,
    'nobody:x:65534:65534::/:/bin/false\n',
  ].join('\n'),
  group: `root:x:0:\ncoxswain:x:${SANDBOX_ID}:\nnogroup:x:65534:\n`,
  // Servers and tests on localhost need its name also where there is no network.
  hosts: '127.0.0.1 localhost coxswain\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  // Whoever owns the layers outside, the workspace belongs to its commands.
  gitconfig: GIT_CONFIG,
};

/** Makes the parts under `stateDir`. */
export async function prepareSandboxRoot({
  stateDir,
  bubblewrap,
  toolbox = prepareToolbox(stateDir),
  toolchains = [],
}: {
  stateDir: string;
  bubblewrap: string;
  toolbox?: Promise<Toolbox>;
  toolchains?: readonly string[];
}): Promise<SandboxRoot> {
  const etc = join(stateDir, 'etc');
  await mkdir(etc, { recursive: true });
  for (const [name, text] of Object.entries(ETC_FILES)) await writeWhole(join(etc, name), Buffer.from(text));
  const filter = seccompFilter();
  const systemCalls = filter && join(stateDir, 'system-calls.bpf');
  if (filter && systemCalls !== undefined) await writeWhole(systemCalls, filter);
  return {
    bubblewrap,
    etc,
    toolbox: await toolbox,
    user: findCommandUser(),
    systemCalls,
    toolchains: toolchains.map((path) => readToolchain(path, stateDir)),
  };
}

/** Another worker of this state folder may be using the file: it is replaced whole, and only by another content. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(content)) return;
  const fresh = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(fresh, content);
  // Whatever the worker's umask is, the commands' user reads them.
  await chmod(fresh, 0o644);
  await rename(fresh, path);
}
