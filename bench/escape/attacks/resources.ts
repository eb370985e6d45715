/**
 * Attacks on the host's resources: processes, memory, disk, inodes, and the worker's own memory by the output.
 * Rule: each is scaled so that this machine survives a success: thousands of sleeping processes, two gibibytes of
 * memory, a separate disk.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Attack, Host, RunnerName } from '../attack.ts';

const MIB = 1024 * 1024;
const PROCESSES = 5_000;
const MEMORY_MIB = 2_048;
/** A worker needs about a hundred MiB; more shows that it stores the output. */
const WORKER_MIB = 600;
const BLOCKS = 64;

/** Whether the host can still write a little on the trial's disk. */
function canWrite(host: Host): boolean {
  const folder = join(host.folder, 'after');
  try {
    mkdirSync(folder);
    for (let index = 0; index < 20; index += 1) writeFileSync(join(folder, `${index}`), Buffer.alloc(64 * 1024));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Memory that tmpfs uses on this machine. */
function sharedBytes(): number {
  return Number(/^Shmem:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
}

let sharedBefore = 0;
let isTmpFilled = false;

/** Why output attacks do not apply to peers: they pass output to their caller as it comes. */
function onlyOurs(): Partial<Record<RunnerName, string>> {
  const reason = 'hands its output to its caller';
  return {
    codex: reason,
    'codex-strict': reason,
    'sandbox-runtime': reason,
    'sandbox-runtime-strict': reason,
    none: reason,
  };
}

/** Attacks by quantity. */
export const resourceAttacks: Attack[] = [
  {
    name: 'fork-bomb',
    area: 'resources',
    tries: `${PROCESSES} processes live at one time`,
    timeoutMs: 30_000,
    command: () =>
      `perl -e 'for (1..${PROCESSES}) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 8; exit } } sleep 4'`,
    succeeded: async (_host, { peak }) => peak.processes >= PROCESSES * 0.9,
  },
  {
    name: 'memory',
    area: 'resources',
    tries: `${MEMORY_MIB} MiB of memory are taken at one time, by two processes`,
    timeoutMs: 30_000,
    command: () => `for half in 1 2; do perl -e 'my $x = "x" x (${MEMORY_MIB / 2} * 1048576); sleep 3' & done; wait`,
    succeeded: async (_host, { peak }) => peak.residentBytes >= MEMORY_MIB * MIB * 0.95,
  },
  {
    name: 'memory-by-tmpfs',
    area: 'resources',
    tries: 'a gibibyte is written to /tmp, which is memory or the disk of the host',
    timeoutMs: 30_000,
    command: (host) => {
      sharedBefore = sharedBytes();
      isTmpFilled = false;
      const name = `coxswain-escape-${basename(dirname(host.folder))}`;
      return `mkdir /tmp/${name}; for part in $(seq 1 ${1024 / BLOCKS}); do
          head -c ${BLOCKS * MIB} /dev/zero > /tmp/${name}/$part || break; done; sleep 1; rm -rf /tmp/${name}`;
    },
    whileRunning: async (host) => {
      const path = join('/tmp', `coxswain-escape-${basename(dirname(host.folder))}`, String(1024 / BLOCKS));
      if (sharedBytes() - sharedBefore > 900 * MIB || sizeOf(path) >= BLOCKS * MIB) isTmpFilled = true;
    },
    succeeded: async (host) => {
      rmSync(join('/tmp', `coxswain-escape-${basename(dirname(host.folder))}`), { recursive: true, force: true });
      return isTmpFilled;
    },
  },
  {
    name: 'disk-full',
    area: 'resources',
    tries: 'the disk that the host keeps its state on is filled',
    needs: ['root'],
    disk: { mebibytes: 1_024 },
    timeoutMs: 30_000,
    command: () => `for part in $(seq 1 1100); do head -c ${MIB} /dev/zero > fill-$part || break; done`,
    succeeded: async (host) => !canWrite(host),
  },
  {
    name: 'inodes-gone',
    area: 'resources',
    tries: 'all inodes of the disk that the host keeps its state on are taken',
    needs: ['root'],
    disk: { mebibytes: 1_024, inodes: 30_000 },
    timeoutMs: 30_000,
    command: () => `mkdir many; cd many; perl -e 'for (1..31000) { open(my $file, ">", $_) or last }'`,
    succeeded: async (host) => !canWrite(host),
  },
  {
    name: 'sparse-file',
    area: 'resources',
    tries: 'a sparse file of 64 GiB keeps whoever stores the result busy',
    timeoutMs: 10_000,
    command: () => 'truncate -s 64G sparse.bin',
    succeeded: async (_host, { durationMs }) => durationMs >= 15_000,
  },
  {
    name: 'endless-output',
    area: 'output',
    tries: 'output without end fills the memory of the worker',
    timeoutMs: 5_000,
    command: () => 'yes "a line of output that says nothing at all"',
    notFor: onlyOurs(),
    succeeded: async (_host, { peak, trouble }) =>
      peak.workerResidentBytes >= WORKER_MIB * MIB || trouble !== undefined,
  },
  {
    name: 'one-line-of-a-gigabyte',
    area: 'output',
    tries: 'one line of a gibibyte fills the memory of the worker',
    timeoutMs: 60_000,
    command: () => "head -c 1073741824 /dev/zero | tr '\\0' x",
    notFor: onlyOurs(),
    succeeded: async (_host, { peak, trouble }) =>
      peak.workerResidentBytes >= WORKER_MIB * MIB || trouble !== undefined,
  },
];

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
