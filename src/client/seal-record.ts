/**
 * Where the workers of a task queue leave the ids of the keys that they know each other by.
 * Rule: it may refuse a new worker, with the reason; it never stops a worker that has worked on this queue before.
 */
import type { Client } from '@temporalio/client';
import type { QueueRecord } from './queue-record.ts';
import { createNote, readNote, writeNote } from './queue-record.ts';

const INTRODUCTION = 'Workers of this queue know each other by these keys';
/** Ids of keys that are kept: one is added at each rotation. */
const MAX_IDS = 20;

/** What the record says of a worker's keys. */
export type SealRecord = { kind: 'shared' } | { kind: 'other'; ids: string[] };

function recordOf(taskQueue: string): QueueRecord {
  return { taskQueue, about: 'seal' };
}

/** Compares a worker's keys with those of the others, the newest first; begins the record where there is none. */
export async function meetWorkers(client: Client, taskQueue: string, ids: readonly string[]): Promise<SealRecord> {
  const recorded = await readRecord(client, taskQueue);
  if (recorded === undefined) {
    await createRecord(client, taskQueue, ids);
    return await compare(client, taskQueue, ids);
  }
  return await compare(client, taskQueue, ids, recorded);
}

/** Replaces what is on record by these keys. */
export async function claimRecord(client: Client, taskQueue: string, ids: readonly string[]): Promise<void> {
  if ((await readRecord(client, taskQueue)) === undefined) await createRecord(client, taskQueue, ids);
  else await writeRecord(client, taskQueue, ids);
}

/** The ids on record; undefined where there is no record. */
export async function readRecord(client: Client, taskQueue: string): Promise<string[] | undefined> {
  const note = await readNote(client, recordOf(taskQueue));
  return note === undefined ? undefined : (note.match(/\b[0-9a-f]{8}\b/g) ?? []);
}

async function compare(
  client: Client,
  taskQueue: string,
  ids: readonly string[],
  known?: string[],
): Promise<SealRecord> {
  const recorded = known ?? (await readRecord(client, taskQueue)) ?? [];
  if (recorded.length > 0 && !ids.some((id) => recorded.includes(id))) return { kind: 'other', ids: recorded };
  if (!ids.every((id) => recorded.includes(id)))
    await writeRecord(client, taskQueue, [...new Set([...ids, ...recorded])]);
  return { kind: 'shared' };
}

async function createRecord(client: Client, taskQueue: string, ids: readonly string[]): Promise<void> {
  await createNote(client, recordOf(taskQueue), noteOf(ids));
}

async function writeRecord(client: Client, taskQueue: string, ids: readonly string[]): Promise<void> {
  await writeNote(client, recordOf(taskQueue), noteOf(ids));
}

function noteOf(ids: readonly string[]): string {
  return `${INTRODUCTION}: ${ids.slice(0, MAX_IDS).join(', ')}`;
}
