/**
 * Shows that each guard of the sandbox works: a canary fails with all guards on, and succeeds when this one is off. If
 * several guards stop the same canary, each suffices alone, and it succeeds only with all of them off.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import type { CommandRequest } from '../../src/sandbox/command/request.ts';
import { guards } from '../../src/sandbox/guards.ts';
import type { GuardName } from '../../src/sandbox/guards.ts';
import { tryLock } from '../../src/sandbox/processes/lock.ts';
import { runInSandbox } from '../../src/sandbox/command/run-command.ts';
import { makeBareSandbox } from './bare-sandbox.ts';
import type { BareSandbox } from './bare-sandbox.ts';

const MIB = 1024 ** 2;
const PTRACE = process.arch === 'arm64' ? 117 : 101;

/** Tries for an effect in a fresh sandbox with these guards off; returns whether it succeeded. */
type Canary = (sandbox: BareSandbox, without: readonly GuardName[]) => Promise<boolean>;

interface Case {
  /** Each of these guards stops the canary by itself. */
  guards: readonly GuardName[];
  tries: string;
  canary: Canary;
  /** Only for a worker that is root. */
  root?: true;
}

/** A canary that is a command; it succeeds if the command does. */
function succeeds(command: string, more: Partial<CommandRequest> = {}): Canary {
  return async ({ run }, without) => {
    const { output } = await run(`(${command}) > /dev/null 2>&1 && echo "came through"`, { ...more, without });
    return output.includes('came through');
  };
}

/** Starts a worker process by a line of bash, which may set something up before. */
function startWorker(sandbox: BareSandbox, without: readonly GuardName[], command: string, setUp = ''): ChildProcess {
  const order = { bubblewrap: sandbox.root.bubblewrap, folder: sandbox.folder, command, without };
  const program = fileURLToPath(new URL('./guarded-worker.ts', import.meta.url));
  const args = ['-c', `${setUp} exec "$0" --no-warnings "$@"`, process.execPath, program, JSON.stringify(order)];
  return spawn('bash', args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function succeedsInWorker(command: string, setUp: (sandbox: BareSandbox) => string): Canary {
  return async (sandbox, without) => {
    const line = `(${command}) > /dev/null 2>&1 && echo "came through"`;
    const child = startWorker(sandbox, without, line, setUp(sandbox));
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    return output.includes('came through');
  };
}

const sameNamespace = (name: string): Canary =>
  succeeds(`[ "$(readlink /proc/self/ns/${name})" = "${readlinkSync(`/proc/self/ns/${name}`)}" ]`);

const reachesHost: Canary = async (sandbox, without) => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const came = await succeeds(`bash -c 'echo > /dev/tcp/127.0.0.1/${port}'`)(sandbox, without);
  server.close();
  return came;
};

const readsHostFile: Canary = async (sandbox, without) => {
  const secret = join(sandbox.folder, 'secret');
  writeFileSync(secret, 'secret', { mode: 0o644 });
  chmodSync(sandbox.folder, 0o755);
  return await succeeds(`cat ${secret} || cat /host${secret}`)(sandbox, without);
};

const isWorkersUser: Canary = async ({ folder, run }, without) => {
  await run('echo x > mine', { without });
  return lstatSync(join(folder, 'files/mine')).uid === process.getuid?.();
};

const outlivesCommand: Canary = async ({ folder, run }, without) => {
  await run('setsid sh -c "sleep 0.5; echo x > late" > /dev/null 2>&1 & sleep 0.1', { without });
  return await comesTrue(() => existsSync(join(folder, 'files/late')), without.includes('processes'));
};

const outlivesWorker: Canary = async (sandbox, without) => {
  const beats = join(sandbox.folder, 'files/beats');
  const size = (): number => (existsSync(beats) ? lstatSync(beats).size : 0);
  const child = startWorker(sandbox, without, 'while :; do echo beat >> beats; sleep 0.02; done');
  await expect.poll(size).toBeGreaterThan(0);
  const below = descendantsOf(child.pid ?? 0);
  child.kill('SIGKILL');
  // What the guards end has ended by then; what is left beats again every 20 ms.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const before = size();
  const isFree = without.includes('death') && without.includes('last-will');
  const survives = await comesTrue(() => size() > before, isFree);
  for (const pid of below) killIfThere(pid);
  return survives;
};

/** With one of them others end too. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (existsSync(`/proc/${pid}`)) throw error;
  }
}

/** Whether it happens: waited for where nothing prevents it, else for four times as long as it takes. */
async function comesTrue(happens: () => boolean, isFree: boolean): Promise<boolean> {
  const timeout = isFree ? 60_000 : 2_000;
  return await vi.waitUntil(happens, { timeout }).then(
    () => true,
    () => false,
  );
}

function descendantsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.filter(Boolean).flatMap((child) => [Number(child), ...descendantsOf(Number(child))]);
}

const dropsLock: Canary = async ({ root, layers, folder }, without) => {
  const path = join(folder, 'lock');
  const lock = await tryLock(path);
  const request = { command: 'flock -u 4; touch tried; sleep 600', profile: 'workspace', network: false } as const;
  const cancel = new AbortController();
  const whole = { ...request, timeoutMs: 60_000, signal: cancel.signal };
  const running = runInSandbox(root, { layers, request: whole, without, ...(lock ? { lock } : {}) });
  await expect.poll(() => existsSync(join(folder, 'files/tried'))).toBe(true);
  const second = await tryLock(path);
  cancel.abort();
  await Promise.all([running, second?.release(), lock?.release()]);
  return second !== undefined;
};

const cases: Case[] = [
  { guards: ['user'], tries: 'be the user of the worker', canary: isWorkersUser, root: true },
  {
    guards: ['capabilities'],
    tries: 'keep a capability that a program could give it',
    canary: succeeds('grep "^CapBnd" /proc/self/status | cut -f 2 | grep "[1-9a-f]"'),
    root: true,
  },
  {
    guards: ['user-namespaces', 'system-calls'],
    tries: 'become root of a namespace of its own',
    canary: succeeds('unshare --user true'),
  },
  {
    guards: ['system-calls'],
    tries: 'trace processes',
    canary: succeeds(`perl -e 'exit(syscall(${PTRACE}, 0, 0, 0, 0) < 0)'`),
  },
  { guards: ['network'], tries: 'connect to a server on the host', canary: reachesHost },
  { guards: ['processes'], tries: 'outlive the command in a session of its own', canary: outlivesCommand },
  { guards: ['ipc'], tries: 'be where the host shares memory and queues', canary: sameNamespace('ipc') },
  {
    guards: ['hostname'],
    tries: 'read the name of the host',
    canary: succeeds(`[ "$(cat /proc/sys/kernel/hostname)" = "${hostname()}" ]`),
  },
  { guards: ['control-groups'], tries: 'see the control groups of the host', canary: sameNamespace('cgroup') },
  {
    guards: ['session'],
    tries: 'stay in the session of the worker',
    canary: succeeds('[ "$(cut -d " " -f 6 /proc/self/stat)" = 0 ]'),
  },
  { guards: ['death', 'last-will'], tries: 'outlive a killed worker', canary: outlivesWorker },
  { guards: ['root'], tries: 'read a file of the host', canary: readsHostFile },
  {
    guards: isRootWorker() ? ['read-only-root', 'user'] : ['read-only-root'],
    tries: 'write outside of the workspace',
    canary: succeeds('touch /x || touch /dev/x || touch /usr/x'),
  },
  {
    guards: ['kernel-settings', 'user'],
    tries: 'open a setting of the kernel that runs programs on the host',
    canary: succeeds(': >> /proc/sys/kernel/core_pattern'),
    root: true,
  },
  {
    guards: ['kernel-facts'],
    tries: 'read the symbols of the kernel',
    canary: succeeds('head -c 1 /proc/kallsyms | grep .'),
  },
  {
    guards: isRootWorker() ? ['first-process', 'user'] : ['first-process'],
    tries: 'look into the process that holds the lock',
    canary: succeeds('ls /proc/1/fd | grep .'),
  },
  {
    guards: ['empty-environment', 'clear-environment'],
    tries: 'read a variable of the worker',
    canary: succeedsInWorker('env | grep CANARY || grep CANARY /proc/1/environ', () => 'export CANARY=secret;'),
  },
  {
    guards: ['descriptors'],
    tries: 'read a file that the worker was started with',
    canary: succeedsInWorker('bash -c "cat <&200"', ({ folder }) => `exec 200< ${folder}/base/file;`),
  },
  { guards: ['lock-descriptor'], tries: 'drop the lock of the workspace', canary: dropsLock },
  {
    guards: ['kernel-limits'],
    tries: 'write a larger file than allowed',
    canary: succeeds('head -c 3000000 /dev/zero > big', { limits: { fileBytes: MIB } }),
  },
  {
    guards: ['temporary-size'],
    tries: 'fill memory with temporary files',
    canary: succeeds('head -c 3000000 /dev/zero > /tmp/big', { limits: { temporaryBytes: MIB } }),
  },
  { guards: ['watch'], tries: 'wait for ever', canary: succeeds('sleep 2', { limits: { idleMs: 500 } }) },
];

/** If the worker is not root, commands run as its own user, which the kernel keeps from these effects. */
function isRootWorker(): boolean {
  return process.getuid?.() === 0;
}
const applicable = cases.filter(({ root }) => !root || isRootWorker());

describe.each(applicable)('a command that tries to $tries', ({ guards: covering, canary }) => {
  test(`is kept from it by ${covering.join(', and also by ')}, and by nothing else`, async () => {
    expect(await canary(await makeBareSandbox(), [])).toBe(false);
    for (const guard of covering.length > 1 ? covering : []) {
      const others = covering.filter((other) => other !== guard);
      expect([guard, await canary(await makeBareSandbox(), others)]).toEqual([guard, false]);
    }
    expect(await canary(await makeBareSandbox(), covering)).toBe(true);
  });
});

test('every guard has its canary', () => {
  expect(new Set(cases.flatMap((each) => each.guards))).toEqual(new Set(Object.keys(guards)));
});
