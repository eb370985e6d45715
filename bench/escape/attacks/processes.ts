/**
 * Attacks by processes that survive their command, their worker or their time limit, or that reach for other processes,
 * the kernel's settings or the workspace's lock.
 * Rule: each aims only at processes that this trial started.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack, RunnerName } from '../attack.ts';

/** A command that sleeps until it is killed. */
const LINGER = 'while :; do sleep 0.1; done';
/** A harmless setting of the kernel, which the trial restores after it has looked. */
const SETTING = '/proc/sys/kernel/printk_ratelimit_burst';

let victim: ChildProcess | undefined;
let settingBefore = '';

function survives(name: string, tries: string, script: string, more: Partial<Attack> = {}): Attack {
  return {
    name,
    area: 'processes',
    tries,
    command: () => script,
    succeeded: async (_host, { survivors }) => survivors.length > 0,
    ...more,
  };
}

/** Attacks by processes that should be dead, or on things that should be out of reach. */
export const processAttacks: Attack[] = [
  survives(
    'setsid-escapee',
    'a process in a session of its own outlives its command',
    `setsid bash -c '${LINGER}' >/dev/null 2>&1 < /dev/null &
     sleep 0.3`,
  ),
  survives(
    'double-fork-escapee',
    'a daemon (forked twice, all descriptors closed, signals ignored) outlives its command',
    `perl -MPOSIX -e 'exit if fork; POSIX::setsid(); exit if fork; $SIG{$_} = "IGNORE" for qw(TERM HUP INT);
       POSIX::close($_) for 0..63; chdir "/"; select(undef, undef, undef, 0.1) while 1'
     sleep 0.3`,
  ),
  survives(
    'time-limit-escapee',
    'processes that ignore signals outlive their time limit',
    `trap '' TERM INT HUP; setsid bash -c 'trap "" TERM INT HUP; ${LINGER}' & ${LINGER}`,
    { timeoutMs: 2_000 },
  ),
  survives(
    'killed-worker-escapee',
    'a command goes on after its worker was killed by SIGKILL',
    `setsid bash -c '${LINGER}' & touch ready; ${LINGER}`,
    { killsWorker: true, timeoutMs: 15_000, notFor: { none: 'its throw-away host ends with its worker' } },
  ),
  {
    name: 'signal-host-process',
    area: 'processes',
    tries: 'a process of the host is killed by its id',
    command: () => {
      victim = spawn('sleep', ['120'], { stdio: 'ignore' });
      return `kill -9 ${victim.pid}; sleep 0.3`;
    },
    notFor: { none: 'its throw-away host has process ids of its own' },
    succeeded: async () => {
      const isDead = victim?.signalCode === 'SIGKILL';
      victim?.kill('SIGKILL');
      return isDead;
    },
  },
  {
    name: 'kernel-settings',
    area: 'processes',
    tries: 'a setting of the kernel is changed for the whole host',
    needs: ['root'],
    command: () => {
      settingBefore = readFileSync(SETTING, 'utf8').trim();
      return `echo ${Number(settingBefore) + 1} > ${SETTING}`;
    },
    notFor: { none: 'this machine is not changed' },
    succeeded: async () => {
      const isChanged = readFileSync(SETTING, 'utf8').trim() !== settingBefore;
      if (isChanged) writeFileSync(SETTING, settingBefore);
      return isChanged;
    },
  },
  {
    name: 'workspace-lock-dropped',
    area: 'processes',
    tries: "a command drops its workspace's lock, so that another worker writes into the same files",
    command: () => 'for fd in $(seq 3 255); do flock -u $fd; done 2>/dev/null; touch dropped; sleep 2',
    whileRunning: async (host) => {
      const { workspace, lock } = host;
      if (lock === undefined || !existsSync(join(workspace, 'dropped'))) return;
      const taken = spawnSync('flock', ['-n', lock, 'true']);
      // Look again, because the command may have ended in between.
      if (taken.status === 0 && existsSync(join(workspace, 'dropped'))) writeFileSync(host.canary('dropped'), 'taken');
    },
    notFor: withoutLock(),
    succeeded: async (host) => existsSync(host.canary('dropped')),
  },
];

function withoutLock(): Partial<Record<RunnerName, string>> {
  const reason = 'has no lock on a workspace';
  return {
    codex: reason,
    'codex-strict': reason,
    'sandbox-runtime': reason,
    'sandbox-runtime-strict': reason,
    none: reason,
  };
}
