/**
 * `sweepHost`: removes from this host the workspaces of agents that have ended, prepared layers that no workspace uses,
 * and leftovers of killed git processes in its stores.
 * Rule: only caches are removed, so the only loss is the time to fill them again. Workspaces of open agents stay.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostSweep } from '../../core/upkeep/retention.ts';
import { DAY_MS } from '../../core/upkeep/retention.ts';
import { sweepContent } from '../../git/lfs/content.ts';
import { sweepStore } from '../../git/sweep-store.ts';
import type { ActivityContext } from '../attempt/context.ts';
import type { WorkspaceActivities } from '../attempt/contract.ts';
import { contentFolder } from '../attempt/lfs.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { isOpen } from './sweep-hubs.ts';

/** Prepared layers stay this long after their last use: checks use them too, without a workspace in the list. */
const IDLE_MS = DAY_MS;

/** LFS content stays this long after its last use, for bases that are made in the next days. */
const CONTENT_IDLE_MS = 14 * DAY_MS;

export function createSweepHost(context: ActivityContext): WorkspaceActivities['sweepHost'] {
  return ({ dryRun }) =>
    withHeartbeats(async (signal): Promise<HostSweep> => {
      const keep: string[] = [];
      let removed = 0;
      for (const id of await context.workspaces.list()) {
        signal.throwIfAborted();
        if (await isOpen(id)) {
          keep.push(id);
          continue;
        }
        removed += 1;
        if (!dryRun) await context.workspaces.remove(id);
      }
      const swept = dryRun ? undefined : await context.workspaces.sweep({ olderThanMs: IDLE_MS, keep });
      let leftOvers = 0;
      for (const dir of await listStores(context)) leftOvers += await sweepStore(dir, { dryRun });
      if (!dryRun) leftOvers += await sweepContent(contentFolder(context), { olderThanMs: CONTENT_IDLE_MS });
      const layers = swept ? swept.bases + swept.setups : 0;
      return { workspaces: { kept: keep.length, removed }, layers, leftOvers };
    });
}

async function listStores({ stateDir }: ActivityContext): Promise<string[]> {
  const folder = join(stateDir, 'stores');
  return (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.git'))
    .map((name) => join(folder, name));
}
