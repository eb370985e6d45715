/**
 * Looks for leftovers of a refactor on the machine: processes, locks, git's temporary files, broken workspaces.
 * Rule: it looks only after all work has ended, and gives processes that are still ending some seconds.
 */
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Findings } from './findings.ts';
import type { Fleet } from './fleet.ts';
import { git } from './ground.ts';
import { findAbove, listProcesses } from './processes.ts';

/** Time for processes to end that were running when the last worker was hit. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 500;

/** Further processes that belong to the git daemon, the Temporal server and the workers. */
const MEANT = new RegExp(
  [
    'git-daemon --export-all',
    String.raw`/src/programs/starter-program\.ts$`,
    // Kept open by a worker for a minute, for objects in packs.
    '^git .* cat-file --batch-command$',
    '^sh -c umask 077; exec 3<&0',
    String.raw`^/bin/sh -c\s+read -r token \|\| exit`,
  ].join('|'),
);

/**
 * Looks at all processes that name the run's folder, at the hub and the repository, and at the workers' own folders.
 * The workers' folders are caches that the product sweeps by age, so leftovers there are only returned; they break no
 * promise.
 */
export async function auditLeftovers(findings: Findings, refactor: string, fleet: Fleet): Promise<string[]> {
  const until = Date.now() + PATIENCE_MS;
  let left = await look(fleet);
  while (left.length > 0 && Date.now() < until) {
    await delay(LOOK_MS);
    left = await look(fleet);
  }
  findings.look('leftovers');
  for (const text of left) findings.broke('leftovers', refactor, text);
  const caches = await Promise.all(fleet.workers.map(({ stateDir }) => lookIntoState(stateDir)));
  const pruned = await listPruned(fleet.paths.hub);
  return [...caches.flat(), ...pruned].map((text) => text.replace(`${fleet.folder}/`, ''));
}

/** Leftovers in the hub of a push whose git was killed; `git gc` or the janitor removes them. */
async function listPruned(hub: string): Promise<string[]> {
  const said = await git(hub, 'prune', '--dry-run', '--verbose', '--expire=now');
  return [...said.matchAll(/^Removing stale temporary (?:directory|file) (\S+)$/gm)].map(([, path = '']) =>
    join(hub, path),
  );
}

async function look(fleet: Fleet): Promise<string[]> {
  const { hub, repository } = fleet.paths;
  const pruned = await listPruned(hub);
  const found = [...(await lookIntoStore(hub)), ...(await lookIntoStore(repository))];
  const junk = found.filter((path) => !pruned.some((gone) => path === gone || path.startsWith(`${gone}/`)));
  return [...lookForProcesses(fleet), ...junk.map((text) => text.replace(`${fleet.folder}/`, ''))];
}

/** Processes that name the run's folder or descend from the fleet's processes, but should not be there. */
function lookForProcesses(fleet: Fleet): string[] {
  const processes = listProcesses();
  const own = fleet.ownPids();
  return processes
    .filter(({ pid, command }) => !own.has(pid) && pid !== globalThis.process.pid && !MEANT.test(command))
    .filter((process) => process.command.includes(fleet.folder) || findAbove(processes, process, own) !== undefined)
    .map(({ pid, command }) => `process ${pid}: ${command.slice(0, 160)}`);
}

async function lookIntoStore(store: string): Promise<string[]> {
  const names = await walk(store, (entry, path) => !/^objects\/[0-9a-f]{2}$/.test(path) && entry.isDirectory());
  const junk = names.filter((path) => /\.lock$|(^|\/)(tmp_|\.tmp-)|fast_import_crash/.test(path));
  return junk.map((path) => join(store, path));
}

/** Locks and partly written objects in stores, unfinished layers, and checks and workspaces without an owner. */
async function lookIntoState(stateDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await list(join(stateDir, 'stores')))
    found.push(...(await lookIntoStore(join(stateDir, 'stores', name))));
  for (const name of await list(join(stateDir, 'checks'))) found.push(join(stateDir, 'checks', name));
  for (const part of ['bases', 'setups']) {
    for (const name of await list(join(stateDir, part)))
      if (/-\d+-[0-9a-f]{8}$/.test(name)) found.push(join(stateDir, part, name));
  }
  for (const name of await list(join(stateDir, 'workspaces'))) {
    const folder = join(stateDir, 'workspaces', name);
    const names = await list(folder);
    const state = await readFile(join(folder, 'state.json'), 'utf8').catch(() => '{}');
    if ((JSON.parse(state) as { dirty?: boolean }).dirty === true) found.push(`${folder} is dirty`);
    if (names.filter((other) => other.startsWith('files-')).length > 1) found.push(`${folder} has several generations`);
  }
  return found;
}

async function list(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Paths below a folder; `enters` says into which folders to descend. */
async function walk(folder: string, enters: (entry: Dirent, path: string) => boolean, at = ''): Promise<string[]> {
  const entries = await readdir(join(folder, at), { withFileTypes: true }).catch(() => []);
  const paths: string[] = [];
  for (const entry of entries) {
    const path = join(at, entry.name);
    paths.push(path);
    if (enters(entry, path)) paths.push(...(await walk(folder, enters, path)));
  }
  return paths;
}
