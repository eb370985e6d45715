import { execa } from 'execa';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { StarterEnded } from '../../src/programs/child.ts';
import type { Start } from '../../src/programs/child.ts';
import { findLauncher, startProgram } from '../../src/programs/starter.ts';
import { makeFolder } from '../stack/fake-program.ts';

/** More than a process may have that starts programs by itself. */
const memory = Buffer.alloc(200 * 1024 * 1024, 1);
const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Runs a shell line with this input; gives its status, what it printed, and what it printed as errors. */
async function run(line: string, input = ''): Promise<{ status: number | null; output: string; errors: string }> {
  const program = await startProgram({ file: 'sh', args: ['-c', line], cwd: '/', env });
  program.stdin.on('error', () => undefined);
  program.stdin.end(input);
  const read = async (stream: AsyncIterable<Buffer>): Promise<string> =>
    Buffer.concat(await Array.fromAsync(stream)).toString();
  const [output, errors] = await Promise.all([read(program.stdout), read(program.stderr)]);
  return { status: await program.ended, output, errors };
}

/** The pid of this process's starter, by what its programs say is their parent. */
async function starterPid(): Promise<number> {
  const parent = Number((await run('echo $PPID')).output);
  return parent === process.pid ? 0 : parent;
}

describe('a process with much memory', () => {
  beforeAll(async () => {
    await vi.waitUntil(starterPid, { timeout: 240_000 });
    return () => void memory.length;
  });

  test('starts programs from a small one, with their input, outputs and status as they are', async () => {
    const large = 'x'.repeat(3_000_000);
    expect(await run('cat; echo wrong >&2; exit 3', large)).toEqual({ status: 3, output: large, errors: 'wrong\n' });
    expect(await run('true', large)).toEqual({ status: 0, output: '', errors: '' });
    expect(await run('kill -9 $$')).toEqual({ status: null, output: '', errors: '' });
    expect(await run('pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=')).toMatchObject({
      output: `/\nPATH=${env.PATH}\n`,
    });
    const many = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (await run(`cat; echo ${n}`, 'in')).output),
    );
    expect(many).toEqual(Array.from({ length: 40 }, (_, n) => `in${n}\n`));
  });

  test('hands a program no connection but its three', async () => {
    expect((await run('ls -l /proc/$$/fd | grep -c socket:')).output).toBe('3\n');
  });

  test('holds locks that its programs inherit, and that are lost with it', async () => {
    const path = join(await makeFolder(), 'lock');
    const launcher = await findLauncher();
    const lock = await launcher.lock(path);
    expect([lock?.holder, lock?.isHeld(), await launcher.lock(path)]).toEqual([launcher, true, undefined]);
    const ends = [{ kind: 'none' }, { kind: 'none' }, { kind: 'none' }, { kind: 'lock', lock: lock?.number ?? 0 }];
    const keeper = await launcher.start({ file: 'sleep', args: ['600'], cwd: '/', env, ends: ends as Start['ends'] });
    await lock?.release();
    expect(await launcher.lock(path)).toBeUndefined();
    keeper.kill();
    expect(await keeper.exit).toEqual({ exitCode: null, signal: 'SIGKILL' });
    const next = await launcher.lock(path);
    process.kill(await starterPid(), 'SIGKILL');
    await vi.waitUntil(() => next?.isHeld() === false, { timeout: 240_000 });
    await expect(launcher.lock(path)).rejects.toThrow(StarterEnded);
    expect((await (await findLauncher()).lock(path))?.isHeld()).toBe(true);
  });

  test('tells of the end of a command only when what the killed small process had started is dead', async () => {
    const launcher = await findLauncher();
    // In a session of its own and without a death signal: only the word in its command line names it.
    const line = 'setsid sh -c "echo $$ >&3; sleep 600; :" "$0" & sleep 600';
    const ends = [undefined, undefined, undefined, { kind: 'texts' } as const];
    const child = await launcher.start({ file: 'sh', args: ['-c', line, launcher.word], cwd: '/', env, ends });
    const pid = Number(String((await once(child.output(3), 'data'))[0]));
    const ended = child.exit.catch(async (error: unknown) => [error instanceof StarterEnded, await isGone(pid)]);
    process.kill(await starterPid(), 'SIGKILL');
    expect(await ended).toEqual([true, true]);
  });

  test('says why a program did not start', async () => {
    const absent = await startProgram({ file: 'no-such-program', args: [], cwd: '/', env });
    await expect(absent.ended).rejects.toThrow('ENOENT');
  });

  test('kills a program that it is told to kill, however early', async () => {
    const program = await startProgram({ file: 'sleep', args: ['600'], cwd: '/', env });
    program.kill();
    program.stdout.resume();
    program.stderr.resume();
    expect(await program.ended).toBe(null);
  });

  test('answers nobody who does not know its word', async () => {
    const sockets = await readFile('/proc/net/unix', 'utf8');
    const name = /@(coxswain-[0-9a-f]{32})$/m.exec(sockets)?.[1];
    const stranger = createConnection(`\0${name}`);
    stranger.write('wrong 1 stdout\n');
    expect(await Array.fromAsync(stranger)).toEqual([]);
  });

  test('starts them by itself while the small one is gone, and then from a new one', async () => {
    const before = await starterPid();
    process.kill(before, 'SIGKILL');
    await vi.waitUntil(async () => (await run('echo ok').catch(() => undefined))?.output === 'ok\n', {
      timeout: 240_000,
    });
    const after = await vi.waitUntil(starterPid, { timeout: 240_000 });
    expect(after).not.toBe(before);
  });
});

test('the small process ends with the large one, however that ends', async () => {
  const module = fileURLToPath(new URL('../../src/programs/starter.ts', import.meta.url));
  const text = `
    const { startProgram } = await import(${JSON.stringify(module)});
    const memory = Buffer.alloc(200 * 1024 * 1024, 1);
    for (;;) {
      const program = await startProgram({ file: 'sh', args: ['-c', 'echo $PPID'], cwd: '/', env: { PATH: '/bin' } });
      program.stderr.resume();
      const parent = Number(Buffer.concat(await Array.fromAsync(program.stdout)).toString());
      if (parent !== process.pid) console.log(parent, memory.length);
      if (parent !== process.pid) setInterval(() => undefined, 1000);
      if (parent !== process.pid) break;
    }`;
  const owner = execa(process.execPath, ['--input-type=module', '--eval', text], { reject: false });
  const starter = Number.parseInt(String((await once(owner.stdout, 'data'))[0]), 10);
  expect(await readdir(`/proc/${starter}`)).not.toEqual([]);
  owner.kill('SIGKILL');
  await owner;
  await vi.waitUntil(() => isGone(starter), { timeout: 240_000 });
});

async function isGone(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Who is ended but not yet fetched is a zombie.
  return text === undefined || text.split(') ')[1]?.[0] === 'Z';
}
