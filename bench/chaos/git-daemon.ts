/**
 * The git host of a chaos run: `git daemon` for a folder of bare repositories.
 * Rule: it is never disturbed, because a git host elsewhere would not die with a worker's host.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, isListening } from '../../src/stack/ports.ts';

const START_MS = 30_000;
const LOOK_MS = 50;

export interface GitDaemon {
  url: string;
  pid: number;
  kill(): void;
  stop(): Promise<void>;
}

/** Serves every repository in a folder for reading and writing. */
export async function startDaemon(folder: string, wantedPort?: number): Promise<GitDaemon> {
  const port = wantedPort ?? (await findFreePort());
  const options = ['--export-all', '--enable=receive-pack', '--reuseaddr', '--listen=127.0.0.1'];
  const child = spawn('git', ['daemon', ...options, `--port=${port}`, `--base-path=${folder}`, folder], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const until = Date.now() + START_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error('git daemon does not listen');
    await delay(LOOK_MS);
  }
  const pid = child.pid ?? -1;
  const kill = (): void => void process.kill(-pid, 'SIGKILL');
  return {
    url: `git://127.0.0.1:${port}`,
    pid,
    kill,
    stop: async () => {
      kill();
      await ended;
    },
  };
}
