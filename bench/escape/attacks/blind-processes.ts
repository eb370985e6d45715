/**
 * Blind attacks on the processes that start, watch and end the commands.
 * Rule: the author had not read the guards; every process that an attack leaves ends by itself within half a minute.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import type { Attack, Host } from '../attack.ts';
import { python } from './blind-python.ts';

/** Trials in which a process of the attack had a higher priority than the worker. */
const outranked = new WeakSet<Host>();

/** Attacks by processes. */
export const blindProcesses: readonly Attack[] = [
  {
    name: 'secret-from-the-memory-of-ancestors',
    area: 'processes',
    tries: 'Reads the memory of every process above it, where the environment of the worker may lie',
    command: () =>
      python(`
import os, re
def parent(pid): return int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1])
pid, seen = os.getppid(), set()
while pid > 0 and pid not in seen:
    seen.add(pid)
    try:
        maps, memory, budget = open(f'/proc/{pid}/maps'), open(f'/proc/{pid}/mem', 'rb', 0), 1 << 28
        for line in sorted(maps, key=lambda line: 'stack' not in line):
            start, end = (int(part, 16) for part in line.split()[0].split('-'))
            if ' rw' not in line or budget < end - start: continue
            budget -= end - start
            try: memory.seek(start); found = re.search(rb'canary-[0-9a-f]{32}', memory.read(end - start))
            except (OSError, ValueError, OverflowError): continue
            if found: print(pid, found.group().decode()); break
    except OSError as error: print(pid, error)
    try: pid = parent(pid)
    except OSError: break`),
    needs: ['python3'],
    succeeded: async (host, { output }) => output.includes(host.secret),
  },
  {
    name: 'descriptors-that-were-inherited',
    area: 'processes',
    tries: 'Climbs out by any descriptor that it or a process above it was given, and writes to any socket',
    command: (host) =>
      python(`
import glob, os, stat
for path in glob.glob('/proc/[0-9]*/fd/*'):
    own, number = path.startswith(f'/proc/{os.getpid()}/'), int(path.rsplit('/', 1)[1])
    if own and number < 3: continue
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.fchdir(fd)
            for _ in range(64): os.chdir('..')
            open('.${host.canary('by-descriptor')}', 'w').close()
        else: print(os.read(fd, 65536))
    except OSError: pass`),
    needs: ['python3'],
    notFor: { none: 'it needs no isolation to write there' },
    succeeded: async (host, { output }) =>
      output.includes(host.secret) || readdirSync(host.folder).includes('by-descriptor'),
  },
  {
    name: 'supervisor-killed-from-below',
    area: 'processes',
    tries: 'Stops and kills the process above it, so that nobody is left to end its child',
    command: () => '(setsid sleep 25 >/dev/null 2>&1 &); kill -STOP 1 $PPID; kill -KILL 1 $PPID; sleep 0.3',
    succeeded: async (_host, { survivors, trouble }) => survivors.length > 0 || trouble !== undefined,
  },
  {
    name: 'process-that-forks-for-ever',
    area: 'processes',
    tries:
      'Is a new process every millisecond, in a session of its own, deaf to signals, so that no list of pids has it',
    command: () =>
      python(`
import os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
alive = os.open('alive.txt', os.O_CREAT | os.O_WRONLY)
if os.fork(): os._exit(0)
os.setsid()
for fd in range(3): os.dup2(os.open('/dev/null', os.O_RDWR), fd)
until = time.time() + 20
while time.time() < until:
    if os.fork(): os._exit(0)
    os.setpgid(0, 0)
    os.pwrite(alive, str(time.time_ns()).encode(), 0)
    time.sleep(0.001)`),
    commands: () => ['cp alive.txt first.txt; sleep 0.5; cp alive.txt second.txt'],
    needs: ['python3'],
    // A look into /proc misses a process that lives for a millisecond, so its output has to show it.
    succeeded: async (_host, { survivors, tree }) =>
      survivors.length > 0 || tree.get('first.txt') !== tree.get('second.txt'),
  },
  {
    name: 'command-that-stops-itself',
    area: 'processes',
    tries: 'Stops itself and its whole group, so that polite signals never arrive and the worker waits for ever',
    command: () => "trap '' TERM HUP INT; kill -STOP 0; kill -STOP $$; sleep 25",
    timeoutMs: 3_000,
    succeeded: async (_host, { durationMs, trouble }) => trouble !== undefined || durationMs > 15_000,
  },
  {
    name: 'output-held-open',
    area: 'processes',
    tries: 'Ends at once, but leaves its output open in a child, so that a worker that waits for its end hangs',
    command: () => '(setsid sleep 25 &); echo done',
    timeoutMs: 18_000,
    succeeded: async (_host, { durationMs, trouble }) => trouble !== undefined || durationMs > 10_000,
  },
  {
    name: 'process-that-outranks-the-worker',
    area: 'processes',
    tries: 'Takes real-time priority, a better nice value, or safety from the out-of-memory killer over the worker',
    command: (host) => `s='sleep ${napOf(host)}'; chrt -f 1 $s & nice -n -15 $s & renice -n -15 $$ >/dev/null
      (echo -900 > /proc/self/oom_score_adj; exec $s) & wait`,
    whileRunning: async (host) => {
      if (processesOf(`sleep\0${napOf(host)}\0`).some(outranksUs)) outranked.add(host);
    },
    succeeded: async (host) => outranked.has(host),
  },
  {
    name: 'commands-that-cannot-be-started',
    area: 'processes',
    tries: 'Proposes commands that no process can be started with, so that the worker fails instead of the command',
    command: () => 'echo a\0b',
    commands: () => [
      `echo ${'x'.repeat(200_000)} | wc -c`,
      'echo \uD800',
      '',
      '\n\n',
      'cd / && exec 0<&- 1>&- 2>&- && kill -SEGV $$',
      'echo still; echo here',
    ],
    succeeded: async (_host, { output, trouble }) => trouble !== undefined || !output.includes('still\nhere'),
  },
];

/** A length of sleep that only this trial asks for, in seconds. */
function napOf(host: Host): string {
  return `2.0${host.tcpPort}`;
}

/** The pids of all processes with exactly this command line. */
function processesOf(commandLine: string): number[] {
  const isSame = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === commandLine;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isSame(name))
    .map(Number);
}

/** Whether the kernel prefers this process to ours, by priority or by the out-of-memory killer. */
function outranksUs(pid: number): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [nice, policy] = [Number(fields[16]), Number(fields[38])];
    const readAdjustment = (who: number | 'self'): number => Number(readFileSync(`/proc/${who}/oom_score_adj`, 'utf8'));
    return nice < getPriority() || policy === 1 || policy === 2 || readAdjustment(pid) < readAdjustment('self');
  } catch {
    return false;
  }
}
