/**
 * Prepares what all sandboxes on this host share: the files of /etc, the toolbox, the command user, the call filter.
 * Rule: made once for a state folder, only from this program and this host.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCommandUser } from './command-user.ts';
import { lastWillToken } from '../../programs/last-will.ts';
import type { SandboxRoot } from './layout.ts';
import { prepareEtc } from './prepare-etc.ts';
import { seccompFilter } from './seccomp-filter.ts';
import { prepareToolbox } from './toolbox.ts';
import type { Toolbox } from './toolbox.ts';
import { readToolchain } from './toolchains.ts';

/** Makes these parts under `stateDir`. */
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
  // Starts the shell of the last will before any command, so it is in no command's process tree.
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

/** Replaces a file as a whole, and only if its content differs: another worker may be using it. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(content)) return;
  const fresh = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(fresh, content);
  // Readable for the command user, whatever the worker's umask is.
  await chmod(fresh, 0o644);
  await rename(fresh, path);
}
