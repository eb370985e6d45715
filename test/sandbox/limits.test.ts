/** Limits: each ends the command that exceeds it, is named in the result, and affects no other command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeBareSandbox } from './bare-sandbox.ts';

const MIB = 1024 ** 2;

describe('a command that exceeds a limit is ended, and the result names the limit', () => {
  test('processes: a fork bomb', async () => {
    const { run } = await makeBareSandbox();
    const bomb = `const { spawn } = require('child_process');
      const more = () => spawn('sleep', ['600'], { stdio: 'ignore' }).on('error', () => undefined);
      setInterval(() => { for (let i = 0; i < 50; i += 1) more(); }, 1);`;
    const result = await run(['node', '-e', bomb], { limits: { processes: 300 } });
    expect(result).toMatchObject({ outcome: 'too-many-processes', exitCode: null, signal: 'SIGKILL' });
    expect(result.output).toContain('[ended: 300 processes and threads]');
  });

  test('processes: those of one sandbox do not count in another', async () => {
    const [one, other] = await Promise.all([makeBareSandbox(), makeBareSandbox()]);
    const limits = { processes: 80 };
    const cancel = new AbortController();
    const many = 'for i in $(seq 60); do sleep 600 & done';
    const running = one.run(`${many}; touch ready; sleep 600`, { limits, signal: cancel.signal });
    running.catch(() => undefined);
    await expect.poll(() => existsSync(join(one.folder, 'files/ready'))).toBe(true);
    expect(await other.run(`${many}; echo all`, { limits })).toMatchObject({ outcome: 'exited', output: 'all\n' });
    cancel.abort();
    expect(await running).toMatchObject({ outcome: 'cancelled' });
  });

  test('memory: resident pages, those that processes share counted once', async () => {
    const { run } = await makeBareSandbox();
    const grow = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(20 * 1024 * 1024, 1)), 10)';
    const limits = { memoryBytes: 600 * MIB };
    const result = await run(['node', '-e', grow], { limits });
    expect(result).toMatchObject({ outcome: 'out-of-memory', exitCode: null });
    expect(result.reason).toContain(`more than ${600 * MIB} bytes of memory`);
    const shared = `perl -e '$x = "x" x (150 << 20); for (1..5) { fork or do { sleep 1; exit } } 1 while wait > 0; print "fine"'`;
    expect(await run(shared, { limits })).toMatchObject({ outcome: 'exited', output: 'fine' });
  });

  test('disk: bytes and files among the changes of the workspace', async () => {
    const { run } = await makeBareSandbox();
    const fill = 'while :; do head -c 4000000 /dev/zero >> "file-$((i += 1))"; sleep 0.01; done';
    const result = await run(fill, { limits: { diskBytes: 100 * MIB } });
    expect(result).toMatchObject({ outcome: 'disk-full', reason: expect.stringContaining(`${100 * MIB} bytes`) });
    const many = 'mkdir many; cd many; while :; do i=$((i + 100)); touch $(seq $i $((i + 99))); done';
    expect(await run(many, { limits: { diskFiles: 2_000 } })).toMatchObject({
      outcome: 'disk-full',
      reason: expect.stringContaining('2000 changed files'),
    });
  });

  test('temporary files: by size for whoever writes, by number for the command', async () => {
    const { run } = await makeBareSandbox();
    const limits = { temporaryBytes: 20 * MIB, temporaryFiles: 3_000 };
    const fill = 'for path in /tmp/x /dev/shm/x ~/x; do head -c 30000000 /dev/zero > $path; done; echo; echo end';
    const result = await run(fill, { limits });
    expect(result.output.match(/No space left on device/g)).toHaveLength(3);
    expect(result.output).toMatch(/end\n$/);
    const many = 'cd; while :; do i=$((i + 100)); touch $(seq $i $((i + 99))); done';
    expect(await run(many, { limits })).toMatchObject({
      outcome: 'disk-full',
      reason: expect.stringContaining('home'),
    });
  });

  test('idle time: neither output nor work; either of them keeps a command alive', async () => {
    const { run } = await makeBareSandbox();
    const limits = { idleMs: 1_000 };
    const result = await run('echo begun; sleep 600', { limits });
    expect(result).toMatchObject({ outcome: 'idle', output: 'begun\n\n[ended: neither output nor work for 1 s]\n' });
    const speaks = 'for i in 1 2 3 4 5 6 7 8; do sleep 0.25; echo $i; done';
    expect(await run(speaks, { limits })).toMatchObject({ outcome: 'exited', exitCode: 0 });
    const works = 'end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done';
    expect(await run(works, { limits })).toMatchObject({ outcome: 'exited', exitCode: 0 });
  });
});

test('open files and the size of a file are limited for each process, and no core is dumped', async () => {
  const { run } = await makeBareSandbox();
  const limits = { openFiles: 64, fileBytes: 8 * MIB };
  const { output } = await run('ulimit -n; ulimit -f; ulimit -c; head -c 9000000 /dev/zero > big; wc -c < big', {
    limits,
  });
  expect(output).toMatch(new RegExp(`^64\\n${(8 * MIB) / 512}\\n0\\n.*${8 * MIB}\\n$`, 's'));
  const open = `const fs = require('fs'); try { for (;;) fs.openSync('file'); } catch (error) { console.log(error.code); }`;
  expect((await run(['node', '-e', open], { limits })).output).toBe('EMFILE\n');
});

test('watches of files and asynchronous requests, which the whole host shares, can not be used up', async () => {
  const { run } = await makeBareSandbox();
  const setUp = process.arch === 'arm64' ? 0 : 206;
  const program = `
import ctypes, resource
libc, context = ctypes.CDLL(None, use_errno=True), ctypes.c_ulong(0)
instances = 0
while libc.inotify_init1(0) >= 0: instances += 1
print(instances > 0, instances, libc.syscall(${setUp}, 64, ctypes.byref(context)), ctypes.get_errno())`;
  const [, some, count, answer, error] =
    /^(\w+) (\d+) (-?\d+) (\d+)/.exec((await run(['python3', '-c', program])).output) ?? [];
  expect({ some, answer, error }).toEqual({ some: 'True', answer: '-1', error: '38' });
  const all = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  // If the worker is not root, commands run as its own user and share its limit.
  if (process.getuid?.() === 0) expect(Number(count)).toBeLessThanOrEqual(Math.max(8, all / 10));
});
