/**
 * Prepares what every sandbox on this host shares: our own files of /etc, the toolbox, the user of its commands.
 * Rule: made once for a state folder, from nothing but this program and this host.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCommandUser } from './command-user.ts';
import { lastWillToken } from '../processes/last-will.ts';
import type { SandboxRoot } from './layout.ts';
import { prepareEtc } from './prepare-etc.ts';
import { seccompFilter } from './seccomp-filter.ts';
import { prepareToolbox } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';
import { readToolchain } from './toolchains.ts';

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
  await mkdir(stateDir, { recursive: true });
  // Before any command, so that it is no part of what a command starts.
  lastWillToken();
  const filter = seccompFilter();
  const systemCalls = filter && join(stateDir, 'system-calls.bpf');
  if (filter && systemCalls !== undefined) await writeWhole(systemCalls, filter);
  return {
    bubblewrap,
    etc: prepareEtc(stateDir),
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
