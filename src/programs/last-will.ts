/**
 * A shell that outlives a process which dies suddenly, and kills the sandboxes that the process was just starting: a
 * worker, or the small process that starts programs for it.
 * Rule: a killed worker leaves no sandbox. Bubblewrap asks the kernel to die with its parent only some milliseconds
 * after its start; this shell covers a worker that is killed before that.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Waits for the end of its input, which comes when the worker dies. Then kills the processes with the token in their
 * command line. It looks several times: a process that the worker has just forked becomes bubblewrap moments later.
 */
const SCRIPT = `
  read -r token || exit
  while read -r _; do :; done
  for pause in 0 0.05 0.2 0.3 0.5; do
    sleep $pause
    for file in $(printf '%s\\n' "$token" | grep -lFf - /proc/[0-9]*/cmdline); do
      pid=\${file#/proc/}
      kill -9 "\${pid%/cmdline}"
    done
  done 2>/dev/null`;

/** `endAllWith` ends when it has found none for this long. */
const QUIET_MS = 1_000;
const LOOK_MS = 50;

let token: string | undefined;

/** The token that the command lines of this process's sandboxes must have. The first call starts the shell. */
export function lastWillToken(): string {
  if (token !== undefined) return token;
  token = `coxswain-${process.pid}-${randomBytes(8).toString('hex')}`;
  // In a session of its own: a signal that the terminal sends to the worker must not end the shell too.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, detached: true });
  // Where no shell can be started, no command runs either.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined).write(`${token}\n`);
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return token;
}

/**
 * Kills the processes with this word in their command line until there is none, after the process that started them
 * has died. Looks for a second at least, as the shell does.
 */
export async function endAllWith(word: string): Promise<void> {
  let quietMs = 0;
  while (quietMs < QUIET_MS) {
    quietMs = killWith(word) ? 0 : quietMs + LOOK_MS;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function killWith(word: string): boolean {
  let hasFound = false;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(word)) continue;
      hasFound = true;
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
  return hasFound;
}
