/** The user that a command runs as on the host, and what it can do as that user. */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeBareSandbox } from './bare-sandbox.ts';

/** The user id that commands must have on this host: never root's, so another one if the worker is root. */
function expectedUser(): number {
  const own = process.getuid?.() ?? 0;
  return own === 0 ? 60_700 : own;
}

describe('the user of a command', () => {
  test('is not root outside, though it owns its workspace; nothing in it has a capability', async () => {
    const { folder, run } = await makeBareSandbox();
    const cancel = new AbortController();
    const command =
      'echo new > new && echo more >> file && rm -r folder && mkdir folder && echo x > folder/x; sleep 60';
    const running = run(command, { signal: cancel.signal });
    running.catch(() => undefined);
    await expect.poll(() => usersBelow(process.pid, 'sleep')).toEqual([expectedUser()]);
    cancel.abort();
    await running;
    const owners = ['', 'new', 'file', 'folder', 'folder/x'].map((path) => lstatSync(join(folder, 'files', path)).uid);
    expect(new Set(owners)).toEqual(new Set([expectedUser()]));
    const { output } = await run('id -u; id -g; id -G; grep ^Cap /proc/self/status | cut -f2 | sort -u; ls folder');
    expect(output).toBe('1000\n1000\n1000\n0000000000000000\nx\n');
  });

  test('can use its home, /tmp, shared memory and a terminal, and can open its own output again', async () => {
    const { run } = await makeBareSandbox();
    const paths = ['/tmp/x', '/dev/shm/x', '~/x', '/var/tmp/y', '/workspace/x'];
    const command = `for path in ${paths.join(' ')}; do echo here > $path && cat $path; done; echo again > /dev/stderr`;
    expect((await run(`${command}; script -qec tty /dev/null`)).output).toMatch(
      /^(here\n){5}again\n\/dev\/pts\/0\r?\n$/,
    );
  });

  test('may not look into the first process of its sandbox, which holds the lock', async () => {
    const { run } = await makeBareSandbox();
    const { output } = await run(
      'ls /proc/1/fd | wc -l; cat /proc/1/environ | wc -c; (: >> /proc/1/mem) && echo open',
      {},
    );
    expect(output.replaceAll(/^.*(Permission denied|No such file|cannot create).*\n/gm, '')).toBe('0\n0\n');
  });
});

/** A file of /proc about a process; empty if the process has ended. */
function readProcess(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

/** The user ids on the host of all processes with this name below a process. */
function usersBelow(pid: number, name: string): number[] {
  const children = readProcess(`${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);
  return children.map(Number).flatMap((child) => {
    const status = readProcess(`${child}/status`);
    const uid = Number(/^Uid:\t\d+\t(\d+)/m.exec(status)?.[1]);
    return [...(status.startsWith(`Name:\t${name}\n`) ? [uid] : []), ...usersBelow(child, name)];
  });
}
