/**
 * Lets a worker begin only among workers that have its hub: what the others keep in another one it would never find,
 * and runs would fail or hold by chance.
 * Rule: a newcomer with another hub does nothing and says which there is; one that worked here before with this very
 * hub goes on, whatever somebody has written since.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { asLine } from '../core/text/lines.ts';
import type { QueueRecord } from './queue-record.ts';
import { createNote, readNote, recordId } from './queue-record.ts';

const INTRODUCTION = 'Workers of this queue keep their chains in the hub';

/** The worker's hub is another one than that of the workers here; the message says what to do. */
export class HubError extends Error {
  override name = 'HubError';
}

export interface JoiningHub {
  taskQueue: string;
  /** The namespace and the task queue, as one text. */
  where: string;
  stateDir: string;
  hub: { id: string; shown: string };
  say: (line: string) => void;
}

/** Fails with a `HubError` where this is a newcomer with another hub. */
export async function joinHub(client: Client, { taskQueue, where, stateDir, hub, say }: JoiningHub): Promise<void> {
  const record: QueueRecord = { taskQueue, about: 'hub' };
  const note = await meet(client, record, hub).catch((error: unknown) => {
    say(`whether the workers of ${where} share a hub could not be looked up: ${String(error)}`);
    return undefined;
  });
  const joined = await readJoined(stateDir);
  const [, id] = /\b([0-9a-f]{16})\b/.exec(note ?? '') ?? [];
  if (id === hub.id) await writeJoined(stateDir, { ...joined, [where]: hub.id });
  if (id === undefined || id === hub.id) return;
  const theirs = `the workers of ${where} have another hub than this one, ${hub.shown}: "${asLine(note ?? '')}"`;
  const how = `if this is the right one, let the record be made anew: temporal schedule delete --schedule-id ${recordId(record)}`;
  if (joined[where] !== hub.id)
    throw new HubError(
      `${theirs}. What they keep there this worker would not find: name their hub by COXSWAIN_HUB, as a git URL where they are on other machines; or, ${how}`,
    );
  say(`${theirs}; this worker worked there before, and goes on. Otherwise, ${how}`);
}

async function meet(client: Client, record: QueueRecord, { id, shown }: JoiningHub['hub']): Promise<string> {
  const before = await readNote(client, record);
  if (before !== undefined) return before;
  await createNote(client, record, `${INTRODUCTION} ${id}: ${asLine(shown).slice(0, 300)}`);
  return (await readNote(client, record)) ?? '';
}

/** The hubs with which this host has worked, by where. */
async function readJoined(stateDir: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(stateDir, 'hub-joined.json'), 'utf8').catch(() => '{}');
  try {
    return Object(JSON.parse(text));
  } catch {
    // Half written by a process that was killed: it is as if it had never been here.
    return {};
  }
}

async function writeJoined(stateDir: string, joined: Record<string, unknown>): Promise<void> {
  await writeFile(join(stateDir, 'hub-joined.json'), JSON.stringify(joined), { mode: 0o600 });
}
