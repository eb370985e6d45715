/**
 * What the workers of a task queue leave for each other: the note of a schedule that never runs, which needs no worker
 * and is shown in Temporal's UI.
 * Rule: a note is a hint, never a proof, since anybody in the namespace may write it.
 */
import type { Client } from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';

/** One record of a queue: what it is about, as part of its schedule's id. */
export interface QueueRecord {
  taskQueue: string;
  about: 'seal' | 'hub';
}

/** The id of a record's schedule, by which people see and delete it. */
export function recordId({ taskQueue, about }: QueueRecord): string {
  return `${taskQueue}-${about}`;
}

/** The note; undefined where there is none. */
export async function readNote(client: Client, record: QueueRecord): Promise<string | undefined> {
  try {
    const { state } = await client.schedule.getHandle(recordId(record)).describe();
    return state.note ?? '';
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Creates the record with this note, unless another worker was faster. */
export async function createNote(client: Client, record: QueueRecord, note: string): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: recordId(record),
      spec: {},
      action: { type: 'startWorkflow', workflowType: 'janitor', taskQueue: record.taskQueue, args: [{ dryRun: true }] },
      state: { paused: true, note },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/** Replaces the note. */
export async function writeNote(client: Client, record: QueueRecord, note: string): Promise<void> {
  await client.schedule.getHandle(recordId(record)).update(({ state, ...rest }) => ({
    ...rest,
    state: { ...state, note },
  }));
}
