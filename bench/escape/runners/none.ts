/**
 * The control: commands run as the host's user without isolation, to show that canaries can be triggered.
 * Rule: the whole trial runs in a throw-away copy of this host's root, read-only except for the trial's own folder.
 */
import { fileURLToPath } from 'node:url';
import { runProgram } from '../run-program.ts';
import type { Prepared, Runner } from '../runner.ts';
import { openCheckout } from './plain-checkout.ts';

/** Opens a plain checkout without isolation. */
export const none: Runner = {
  open: async (places) =>
    await openCheckout(
      places,
      async (command, cwd, timeoutMs) =>
        await runProgram('bash', ['-c', command], { cwd, env: process.env, timeoutMs }),
      { patch: async (patch, cwd) => await runPatch(patch, cwd) },
    ),
};

/** The simplest file tool: it trusts every path. */
async function runPatch(patch: string, cwd: string): ReturnType<typeof runProgram> {
  const script = `
    const lines = require('fs').readFileSync(0, 'utf8').split('\\n');
    let path;
    for (const line of lines) {
      if (line.startsWith('*** Add File: ')) path = line.slice(14);
      else if (line.startsWith('+') && path) try { require('fs').appendFileSync(path, line.slice(1) + '\\n') } catch {}
    }`;
  return await runProgram(process.execPath, ['-e', script], { cwd, env: process.env, timeoutMs: 10_000, input: patch });
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** The arguments of bubblewrap that make the throw-away host around a trial's worker. */
export function throwAwayHost(folders: readonly string[]): string[] {
  return [
    ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--die-with-parent'],
    ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
    // Each of these folders may be below /tmp, as in a test.
    ['--ro-bind', PROJECT, PROJECT, ...folders.flatMap((folder) => ['--bind', folder, folder])],
  ].flat();
}

/** The control needs bubblewrap only to protect this machine. */
export function prepareNone(bubblewrap: string | undefined): Prepared {
  if (bubblewrap === undefined) return { kind: 'absent', why: 'no bubblewrap to protect this machine from it' };
  return {
    kind: 'ready',
    version: '',
    configuration: 'bash in a plain checkout; git by the host user, as it comes',
    settings: { bubblewrap },
  };
}
