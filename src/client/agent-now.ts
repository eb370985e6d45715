/**
 * What an agent does at this moment: its state by a query, and its pending activity with that activity's heartbeat.
 * Rule: it only reads, and works with `temporal workflow describe` in the same way.
 */
import type { Client } from '@temporalio/client';
import type { Live } from '../core/live.ts';
import { readLive } from '../core/live.ts';
import type { AgentStatus, RefactorStatus } from '../core/views/status.ts';
import { agentQueries } from '../workflows/messages.ts';
import { explainFailures } from './client-failure.ts';
import { queryRun } from './refactors.ts';

/** An activity that is started and not ended yet. */
export interface PendingActivity {
  /** Its type, such as `think` or `act`. */
  type: string;
  attempt: number;
  /** When this attempt started, in milliseconds. */
  startedAt: number;
  /** What its last heartbeat said, with the time that has passed since added. */
  live?: Live;
}

export interface AgentNow {
  status: AgentStatus;
  /** Null while it waits, and between two steps. */
  activity: PendingActivity | null;
}

/** Temporal's number for an activity that a worker has started. */
const STARTED = 2;

/** Asks an agent what it does now. An agent that has ended has a status and no activity. */
export async function agentNow(client: Client, id: string): Promise<AgentNow> {
  const [status, activity] = await Promise.all([queryRun(client, id, agentQueries.status), pendingOf(client, id)]);
  return { status, activity };
}

/** Most agents of a refactor that are asked; more than a person reads. */
const MAX_ASKED = 50;

/** What the agents at work of a refactor do now, by their ids. Agents that do not answer are left out. */
export async function agentsNow(client: Client, { agents = [] }: RefactorStatus): Promise<Map<string, AgentNow>> {
  const working = agents.filter(({ status }) => status === 'working').slice(0, MAX_ASKED);
  const asked = await Promise.allSettled(working.map(async ({ id }) => await agentNow(client, id)));
  return new Map(asked.flatMap((one) => (one.status === 'fulfilled' ? [[one.value.status.id, one.value]] : [])));
}

/** The activity of a run that a worker works on now. */
export async function pendingOf(client: Client, id: string): Promise<PendingActivity | null> {
  const { raw } = await explainFailures(id, () => client.workflow.getHandle(id).describe());
  const pending = raw.pendingActivities?.find(({ state }) => state === STARTED);
  if (!pending) return null;
  const { activityType, attempt, lastStartedTime, lastHeartbeatTime, heartbeatDetails } = pending;
  const payload = heartbeatDetails?.payloads?.[0];
  const live = payload && readLive(client.options.loadedDataConverter.payloadConverter.fromPayload(payload));
  const sinceMs = Math.max(0, Date.now() - (toMs(lastHeartbeatTime) ?? Date.now()));
  return {
    type: activityType?.name ?? 'an activity',
    attempt: attempt ?? 1,
    startedAt: toMs(lastStartedTime) ?? Date.now(),
    ...(live ? { live: { ...live, elapsedMs: live.elapsedMs + sinceMs } } : {}),
  };
}

function toMs(
  time: { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined,
): number | undefined {
  return time ? Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6 : undefined;
}
