/**
 * Opens a worker's keys at its start, and checks that the workers of its task queue share one of them.
 * Rule: a worker that worked on this task queue before with one of its keys starts in any case. A new worker with
 * another key than the others does not start, and says why.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ensureKeyFile, SealError } from './key-file.ts';
import type { KeyRing } from './key-ring.ts';
import { openKeyRing } from './key-ring.ts';

/** Where the keys are. `isMade`: the file is made at the first start, since no file is configured. */
export interface KeyPlace {
  file: string;
  isMade: boolean;
}

/** Opens the worker's keys. Throws a SealError. */
export async function openKeys({ file, isMade }: KeyPlace): Promise<KeyRing> {
  if (isMade) await ensureKeyFile(file);
  return openKeyRing(file);
}

export interface Joining {
  keys: KeyRing;
  place: KeyPlace;
  stateDir: string;
  /** The namespace and the task queue, as one text. */
  where: string;
  /** Compares these keys with those of the task queue's workers; rejects if that can't be looked up. */
  meet: (ids: readonly string[]) => Promise<{ kind: 'shared' } | { kind: 'other'; ids: string[] }>;
  say: (line: string) => void;
}

/** Throws a SealError if the task queue's workers have other keys, and this worker is new there. */
export async function joinWorkers({ keys, place, stateDir, where, meet, say }: Joining): Promise<void> {
  const ids = keys.ids();
  const joined = await readJoined(stateDir);
  const isKnown = (joined[where] ?? []).some((id) => ids.includes(id));
  const record = await meet(ids).catch((error: unknown) => {
    // Safe to go on: if the key is another one, the other workers refuse what this worker seals.
    say(`can't look up whether the workers of ${where} share a key: ${String(error)}`);
    return undefined;
  });
  if (record?.kind === 'other') {
    const theirs = `the workers of ${where} have the key ${record.ids.join(' or ')}, and ${place.file} has ${ids.join()}`;
    if (!isKnown)
      throw new SealError(
        `${theirs}: they would refuse everything from this worker. Copy the key file of one of them and name it in ` +
          'COXSWAIN_SEAL; or, if this worker has the right key, say so: cox seal claim',
      );
    say(`${theirs}; this worker worked there before, and goes on. If it has the right key, say so: cox seal claim`);
  }
  if (record?.kind === 'shared') await writeJoined(stateDir, { ...joined, [where]: ids });
}

const joinedSchema = z.record(z.string(), z.array(z.string()));

async function readJoined(stateDir: string): Promise<z.infer<typeof joinedSchema>> {
  const text = await readFile(join(stateDir, 'seal-joined.json'), 'utf8').catch(() => '{}');
  try {
    return joinedSchema.parse(JSON.parse(text));
  } catch {
    // A killed process left the file half written: this counts as a new worker.
    return {};
  }
}

async function writeJoined(stateDir: string, joined: z.infer<typeof joinedSchema>): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  await writeFile(join(stateDir, 'seal-joined.json'), JSON.stringify(joined), { mode: 0o600 });
}
