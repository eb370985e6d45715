/**
 * The workflow type `janitor`: removes what closed runs left, after the retention. A Temporal Schedule starts it every
 * day.
 * Rule: it never removes what a live run needs. A hub or host that can't be cleaned now is listed in the result and
 * tried the next time.
 */
import type { ActivityOptions } from '@temporalio/workflow';
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { ControlActivities, WorkspaceActivities } from '../activities/attempt/contract.ts';
import type { JanitorResult } from '../core/upkeep/retention.ts';
import { chooseRetention, readJanitorInput } from '../core/upkeep/retention.ts';
import { hostQueue } from '../core/task-queues.ts';
import { describeFailure, isHostGone } from './activities.ts';
import { exchangeWith } from './sealed-activities.ts';
import { beginsSealed } from './seals.ts';

/** A few attempts are enough, since the next day's janitor tries again. */
const RETRY = { initialInterval: '5 seconds', maximumAttempts: 5 } as const;
const SHARED = { heartbeatTimeout: '10 seconds', startToCloseTimeout: '30 minutes', retry: RETRY } as const;
/** A host that does not answer for this long has gone, and its disk with it. */
const HOST_TIMEOUT = '30 seconds';
/** Hubs in one activity, which asks Temporal once for all runs. */
const HUBS_AT_ONCE = 50;
/** Most activities for the same hubs. Each removes up to 2,000 refs a hub; the rest waits for the next day. */
const MAX_SWEEPS = 50;

type Sums = Pick<JanitorResult, 'refs' | 'workspaces' | 'layers' | 'leftOvers' | 'failed'>;

export async function janitor(...inputs: unknown[]): Promise<JanitorResult> {
  const read = readJanitorInput(inputs);
  if (read.kind === 'bad') throw ApplicationFailure.nonRetryable(read.problem, 'BadInput');
  const { dryRun } = read.input;
  const seals = beginsSealed();
  const control = exchangeWith(proxyActivities<ControlActivities>(SHARED), seals);
  const places = await control.findPlaces();
  const { retentionDays, raisedFrom } = chooseRetention(read.input.retentionDays, places.retentionDays);
  const sums: Sums = {
    refs: { kept: 0, removed: 0 },
    workspaces: { kept: 0, removed: 0 },
    layers: 0,
    leftOvers: 0,
    failed: [],
  };
  for (let from = 0; from < places.hubs.length; from += HUBS_AT_ONCE) {
    const hubs = places.hubs.slice(from, from + HUBS_AT_ONCE);
    await clean(sums, `hubs ${hubs.join(', ')}`, () => sweepHubs(control, sums, { hubs, retentionDays, dryRun }));
  }
  for (const host of places.hosts) await clean(sums, `host ${host}`, () => sweepHost(sums, host, dryRun, seals));
  const raised = raisedFrom === undefined ? {} : { raisedFrom };
  const result = { dryRun, retentionDays, ...raised, hubs: places.hubs.length, hosts: places.hosts.length, ...sums };
  setCurrentDetails(describe(result));
  return result;
}

/** Cleans one place. A failure there does not stop the cleaning of the others. */
async function clean(sums: Sums, place: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { type, reason } = describeFailure(error);
    sums.failed.push({ place, reason: isHostGone(error) ? 'it does not answer' : `${type}: ${reason}` });
  }
}

async function sweepHubs(
  control: ReturnType<typeof proxyActivities<ControlActivities>>,
  sums: Sums,
  { hubs, ...how }: { hubs: string[]; retentionDays: number; dryRun: boolean },
): Promise<void> {
  let left = hubs;
  for (let sweeps = 0; left.length > 0 && sweeps < MAX_SWEEPS; sweeps += 1) {
    const swept = await control.sweepHubs({ hubs: left, ...how });
    sums.refs.removed += swept.refs.removed;
    sums.refs.kept += swept.refs.kept;
    sums.leftOvers += swept.leftOvers;
    sums.failed.push(...swept.failed);
    left = swept.more;
  }
}

async function sweepHost(sums: Sums, host: string, dryRun: boolean, seals: boolean): Promise<void> {
  const options: ActivityOptions = {
    ...SHARED,
    taskQueue: hostQueue(workflowInfo().taskQueue, host),
    scheduleToStartTimeout: HOST_TIMEOUT,
  };
  const { sweepHost: sweep } = exchangeWith(proxyActivities<WorkspaceActivities>(options), seals);
  const { workspaces, layers, leftOvers } = await sweep.executeWithOptions({ summary: host }, [{ dryRun }]);
  sums.workspaces.kept += workspaces.kept;
  sums.workspaces.removed += workspaces.removed;
  sums.layers += layers;
  sums.leftOvers += leftOvers;
}

function describe(result: JanitorResult): string {
  const { dryRun, retentionDays, raisedFrom, refs, workspaces, layers, leftOvers, failed } = result;
  const removed = dryRun ? 'would be removed' : 'removed';
  return [
    `${refs.removed} refs ${removed}, ${refs.kept} kept; ${workspaces.removed} workspaces ${removed},`,
    `${workspaces.kept} kept; ${layers} layers and ${leftOvers} leftovers ${removed}.`,
    ...(raisedFrom === undefined
      ? []
      : [`Asked to keep ${raisedFrom} days; workers keep ${retentionDays} at least (COXSWAIN_RETENTION_DAYS).`]),
    ...failed.map(({ place, reason }) => `\n- ${place}: ${reason}`),
  ].join(' ');
}
