/**
 * Looks whether commands of a worker that is itself in a container or VM can have a PID namespace each.
 * Rule: of the container nothing else is taken away, and where it gives no namespaces commands run without.
 */
import { spawn } from 'node:child_process';
import { findBubblewrap } from '../bubblewrap/find-bubblewrap.ts';
import type { ExternalIsolation } from './isolation.ts';

/** Bubblewrap either starts within milliseconds or says why not. */
const TRY_TIMEOUT_MS = 10_000;
/** Everything stays as it is but the processes, which die with their first one. */
const SAME = ['--dev-bind', '/', '/', '--unshare-pid', '--die-with-parent'];
/** Containers differ in what they allow: root without a user namespace, one, or no new mount of /proc either. */
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
