/**
 * Checks whether each command can have its own PID namespace where the worker itself runs in a container or VM.
 * Rule: everything else stays as in the container; where it allows no namespaces, commands run without one.
 */
import { spawn } from 'node:child_process';
import { findBubblewrap } from '../bubblewrap/find-bubblewrap.ts';
import type { ExternalIsolation } from './isolation.ts';

/** Bubblewrap starts or fails within milliseconds. */
const TRY_TIMEOUT_MS = 10_000;
/** The container's root as it is, with a new PID namespace whose processes die with their first one. */
const SAME = ['--dev-bind', '/', '/', '--unshare-pid', '--die-with-parent'];
/** Containers differ: some need a user namespace, some forbid it, and some forbid a new mount of /proc. */
const WAYS = [['--proc', '/proc'], ['--unshare-user', '--proc', '/proc'], [], ['--unshare-user']];

/** Finds the first way that works here. */
export async function openExternal(search: { cacheDir: string; configured?: string }): Promise<ExternalIsolation> {
  const found = await findBubblewrap({ ...search, needsOverlay: false });
  if (found.kind === 'missing') return { kind: 'external' };
  for (const way of WAYS) {
    const line = [found.path, ...SAME, ...way];
    if (await works([...line, '--', '/bin/sh', '-c', 'exit 0'])) return { kind: 'external', pidNamespace: line };
  }
  return { kind: 'external' };
}

async function works([program = '', ...args]: readonly string[]): Promise<boolean> {
  return await new Promise((resolve) => {
    const child = spawn(program, args, { env: {}, stdio: 'ignore', timeout: TRY_TIMEOUT_MS, killSignal: 'SIGKILL' });
    child.on('error', () => resolve(false)).on('exit', (code) => resolve(code === 0));
  });
}
