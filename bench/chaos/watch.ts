/**
 * Detects from outside in which phase the fleet's workers are: by the folders that they write and the processes that
 * they run.
 * Rule: it only reads; the product has no code for it.
 */
import { EventEmitter, once } from 'node:events';
import type { FSWatcher } from 'node:fs';
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fleet, Worker } from './fleet.ts';
import { findAbove, listProcesses } from './processes.ts';
import type { Phase } from './schedule.ts';

/** Waits for phases: resolves when one is seen next, with the worker in it, if that is known. */
export interface Watch {
  next(phase: Phase, signal: AbortSignal): Promise<Worker | undefined>;
  /** Reports a phase that is seen elsewhere: at the model's server, or when a signal is sent. */
  saw(phase: Phase, worker?: Worker): void;
  close(): void;
}

/** Watches the hub, the repository and the folders of all workspace hosts. */
export async function watchFleet(fleet: Fleet): Promise<Watch> {
  const sights = new EventEmitter<Record<Phase, [Worker | undefined]>>();
  sights.setMaxListeners(0);
  const watchers: FSWatcher[] = [];
  const saw = (phase: Phase, worker?: Worker): void => void sights.emit(phase, worker);
  const look = (folder: string, seen: (name: string) => void): void => {
    const watcher = watch(folder, (_, name) => {
      if (name !== null) seen(name);
    });
    // A folder that goes away is not looked at any more.
    watcher.on('error', () => watcher.close());
    watchers.push(watcher);
  };
  const lookOnce = (folder: string, seen: (name: string) => void, known: Set<string>): void => {
    if (known.has(folder) || !existsSync(folder)) return;
    known.add(folder);
    look(folder, seen);
  };
  // A push unpacks into a quarantine of this name before any ref moves.
  const isPush = (name: string): boolean => name.startsWith('tmp_objdir-incoming');
  look(join(fleet.paths.hub, 'objects'), (name) => {
    if (!isPush(name) || sights.listenerCount('push') + sights.listenerCount('integration') === 0) return;
    for (const { phase, worker } of findPushes(fleet)) saw(phase, worker);
  });
  look(join(fleet.paths.repository, 'objects'), (name) => {
    if (isPush(name)) saw('delivery');
  });
  for (const worker of fleet.workers.filter(({ role }) => role === 'workspace')) {
    await watchHost(worker, look, lookOnce, saw);
  }
  return {
    saw,
    next: async (phase, signal) => {
      const [worker] = (await once(sights, phase, { signal })) as [Worker | undefined];
      return worker;
    },
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

type Look = (folder: string, seen: (name: string) => void) => void;
type LookOnce = (folder: string, seen: (name: string) => void, known: Set<string>) => void;

async function watchHost(worker: Worker, look: Look, lookOnce: LookOnce, saw: Watch['saw']): Promise<void> {
  const known = new Set<string>();
  const [workspaces, checks, stores] = ['workspaces', 'checks', 'stores'].map((name) => join(worker.stateDir, name));
  for (const folder of [workspaces, checks, stores]) await mkdir(folder ?? '', { recursive: true, mode: 0o700 });
  look(checks ?? '', () => saw('check', worker));
  const dirty = new Set<string>();
  const lookAt = (name: string): void => {
    const folder = join(workspaces ?? '', name);
    lookOnce(
      folder,
      (changed) => {
        if (changed.startsWith('files-')) saw('hydrate', worker);
        if (changed !== 'state.json') return;
        if (isDirty(folder)) {
          dirty.add(folder);
          saw('command', worker);
        } else dirty.delete(folder);
      },
      known,
    );
  };
  look(workspaces ?? '', lookAt);
  for (const name of readdirSync(workspaces ?? '')) lookAt(name);
  // Objects are only written here by fast-import while a workspace is dirty: a fetch comes before the command.
  const lookAtStore = (name: string): void => {
    const packs = join(stores ?? '', name, 'objects', 'pack');
    lookOnce(packs, () => (dirty.size > 0 ? saw('snapshot', worker) : undefined), known);
  };
  look(stores ?? '', lookAtStore);
  for (const name of readdirSync(stores ?? '')) lookAtStore(name);
}

function isDirty(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as { dirty?: boolean }).dirty === true;
  } catch {
    return false;
  }
}

/** Whose pushes to the hub are under way, by the processes below each worker. */
function findPushes({ workers }: Fleet): { phase: Phase; worker: Worker }[] {
  const processes = listProcesses();
  const pids = new Set(workers.map(({ pid }) => pid));
  const pushes = processes.filter(({ command }) => /^git .* push .*refs\/coxswain\//.test(command));
  return pushes.flatMap((push) => {
    const pid = findAbove(processes, push, pids);
    const worker = workers.find((other) => other.pid === pid);
    return worker ? [{ phase: phaseOf(push.command), worker }] : [];
  });
}

/** What a push to the hub carries: evidence, the refactor's line, or an agent's chain. */
function phaseOf(command: string): Phase {
  if (command.includes('/evidence-')) return 'check';
  return /refs\/coxswain\/([^/]+\/)?refactors\//.test(command) ? 'integration' : 'push';
}
