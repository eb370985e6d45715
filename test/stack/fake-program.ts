/**
 * Real executables made by a test: small scripts in a folder that serves as the PATH.
 * Rule: each test has its own folder, which is removed when the test ends.
 */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A temporary folder that is removed when the running test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-stack-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable shell script. */
export async function writeProgram(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A folder with the few system programs that scripts need, and no Temporal, Python or pip. */
export async function makeBarePath(): Promise<string> {
  const folder = join(await makeFolder(), 'bin');
  await mkdir(folder);
  for (const name of ['sh', 'sleep', 'mkdir', 'cat', 'chmod', 'printf'])
    await symlink(`/bin/${name}`, join(folder, name));
  return folder;
}

/** The output of a Temporal program of that version. */
export function answerVersion(version: string): string {
  return `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`;
}
