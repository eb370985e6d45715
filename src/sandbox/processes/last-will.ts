/**
 * What a worker leaves behind for the case of its sudden death: a shell that ends the sandboxes which it was starting.
 * Rule: bubblewrap dies with its parent only once it has asked the kernel for that, some milliseconds after its start;
 * a worker that is killed in these must leave nothing either.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/**
 * Waits for the end of its input, which is the worker's. Then looks for what carries the token, a few times, since a
 * process that the worker had just forked is bubblewrap only some moments later.
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

let token: string | undefined;

/** The word that the command lines of this process's sandboxes must carry; the first call leaves the will. */
export function lastWillToken(): string {
  if (token !== undefined) return token;
  token = `coxswain-${process.pid}-${randomBytes(8).toString('hex')}`;
  // In a session of its own: what ends the worker by its terminal must not end this too.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, detached: true });
  // Where no shell can be started nothing else of ours runs either.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined).write(`${token}\n`);
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return token;
}
