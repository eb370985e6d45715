/**
 * `sweepHost`: removes from this host the workspaces of agents that have ended, and what kills left in its stores.
 * Rule: a workspace is a cache: all that is lost by removing one is the time to fill it again.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostSweep } from '../core/retention.ts';
import { sweepStore } from '../git/sweep-store.ts';
import type { ActivityContext } from './context.ts';
import type { WorkspaceActivities } from './contract.ts';
import { withHeartbeats } from './perform.ts';
import { isOpen } from './sweep-hubs.ts';

export function createSweepHost(context: ActivityContext): WorkspaceActivities['sweepHost'] {
  return ({ dryRun }) =>
    withHeartbeats(async (signal): Promise<HostSweep> => {
      const workspaces = { kept: 0, removed: 0 };
      for (const id of await context.workspaces.list()) {
        signal.throwIfAborted();
        const isEnded = !(await isOpen(id));
        workspaces[isEnded ? 'removed' : 'kept'] += 1;
        if (isEnded && !dryRun) await context.workspaces.remove(id);
      }
      let leftOvers = 0;
      for (const dir of await listStores(context)) leftOvers += await sweepStore(dir, { dryRun });
      return { workspaces, leftOvers };
    });
}

async function listStores({ stateDir }: ActivityContext): Promise<string[]> {
  const folder = join(stateDir, 'stores');
  return (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.git'))
    .map((name) => join(folder, name));
}
