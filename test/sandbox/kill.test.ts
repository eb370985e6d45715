/**
 * Kills workers, or the small processes that start programs for them, in the middle of a command, many times and at any
 * moment: no process of the command survives.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import type { Store } from '../../src/git/store.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces, treeLines } from './sandbox-host.ts';
import { sweep } from '../sweep.ts';

const ROUNDS = sweep(9, 50);
/** As many at once as two cores can run. */
const AT_ONCE = 4;
const SURVIVAL_MS = 2_000;
const script = fileURLToPath(new URL('./killed-worker.ts', import.meta.url));
const isolation = await realIsolation();

interface Host {
  stateDir: string;
  store: Store;
  base: Sha;
}

test('kill -9 of a worker or of its starter mid-command, many times: no survivor after 2 s, no junk in any tree', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: '1\n' });
  const host: Host = { stateDir: temporaryFolder(), store, base };
  const ids = Array.from({ length: ROUNDS }, (_, round) => `kill-round-${process.pid}-${round}`);
  const survivors: string[] = [];
  const queue = ids.entries();
  const work = async (): Promise<void> => {
    for (const [round, id] of queue) survivors.push(...(await killRound(host, id, momentOf(round), victimOf(round))));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(survivors).toEqual([]);
  const workspaces = temporaryWorkspaces(isolation, host.stateDir);
  const trees = new Set<string>();
  for (const id of ids) {
    const workspace = await workspaces.open({ id, store, base, commit: base });
    const { commit } = await workspace.checkpoint({ parent: base, message: () => id });
    trees.add(treeLines(store, commit).join());
    await workspace.close();
  }
  expect([...trees]).toEqual(['100644 file']);
});

/** When to kill: a third once the workspace exists, while its sandbox starts; the others while the command runs. */
function momentOf(round: number): { after: 'folder' | 'beats'; delayMs: number } {
  return { after: round % 3 === 0 ? 'folder' : 'beats', delayMs: (round * 37) % 90 };
}

/** Who is killed: two of three workers start their commands from a small process, and of half of these that is killed. */
function victimOf(round: number): { size: 'small' | 'large'; victim: 'worker' | 'starter' } {
  const size = round % 3 === 1 ? 'small' : 'large';
  return { size, victim: size === 'large' && round % 4 < 2 ? 'starter' : 'worker' };
}

/** Runs a worker, kills it or its starter at this moment, and returns its processes that are alive two seconds later. */
async function killRound(
  host: Host,
  id: string,
  moment: ReturnType<typeof momentOf>,
  { size, victim }: ReturnType<typeof victimOf>,
): Promise<string[]> {
  const { stateDir, store, base } = host;
  const worker = spawn(process.execPath, [script, isolation.path, stateDir, store.dir, base, id, size], {
    stdio: ['inherit', 'inherit', 'ignore'],
  });
  const gone = new Promise((resolve) => worker.on('exit', resolve));
  onTestFinished(() => void worker.kill('SIGKILL'));
  const isReady = (): boolean => (moment.after === 'folder' ? hasFile(stateDir, id) : hasFile(stateDir, id, 'beats'));
  await until(isReady, 30_000);
  await new Promise((resolve) => setTimeout(resolve, moment.delayMs));
  if (victim === 'starter') await killStarter(worker.pid ?? 0);
  else worker.kill('SIGKILL');
  // A worker whose starter was killed fails: its command was ended.
  await gone;
  await until(() => processesWith(id).length === 0, SURVIVAL_MS);
  return processesWith(id);
}

async function killStarter(worker: number): Promise<void> {
  const children = (): number[] =>
    readFileSync(`/proc/${worker}/task/${worker}/children`, 'utf8').trim().split(' ').map(Number);
  const find = (): number | undefined =>
    children().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('starter-program'));
  await until(() => find() !== undefined, 30_000);
  const starter = find();
  if (starter === undefined) throw new Error('the worker started no small process');
  process.kill(starter, 'SIGKILL');
}

/** Whether a workspace's files exist, or the one with this name. */
function hasFile(stateDir: string, id: string, name?: string): boolean {
  const parent = join(stateDir, 'workspaces');
  const folder = existsSync(parent) ? readdirSync(parent).find((entry) => entry.startsWith(`${id}-`)) : undefined;
  if (folder === undefined) return false;
  const generations = readdirSync(join(parent, folder)).filter((entry) => entry.startsWith('files-'));
  return generations.some((each) => name === undefined || existsSync(join(parent, folder, each, 'files', name)));
}

/** Command lines with this id, of processes that are not zombies. */
function processesWith(id: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(id) ? [line.slice(-200)] : [];
      } catch {
        return [];
      }
    });
}

async function until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!isTrue() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 15));
}
