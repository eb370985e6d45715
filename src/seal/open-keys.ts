/**
 * Opens a worker's keys at its start, and lets it begin only among workers that have one of them.
 * Rule: a worker that worked here before with such a key goes on whatever others say; a newcomer with another key does
 * nothing and says why.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ensureKeyFile, SealError } from './key-file.ts';
import type { KeyRing } from './key-ring.ts';
import { openKeyRing } from './key-ring.ts';

/** Where the keys lie; one that nobody configured is made at the first start. */
export interface KeyPlace {
  file: string;
  isMade: boolean;
}

/** The keys of this machine, or of its team. */
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
  /** What others say of these keys; fails where nobody can be asked now. */
  meet: (ids: readonly string[]) => Promise<{ kind: 'shared' } | { kind: 'other'; ids: string[] }>;
  say: (line: string) => void;
}

/** Fails with a `SealError` where the workers here have other keys than this newcomer. */
export async function joinWorkers({ keys, place, stateDir, where, meet, say }: Joining): Promise<void> {
  const ids = keys.ids();
  const joined = await readJoined(stateDir);
  const isKnown = (joined[where] ?? []).some((id) => ids.includes(id));
  const record = await meet(ids).catch((error: unknown) => {
    // Nothing that this worker then does counts with others, if the key is another.
    say(`whether the workers of ${where} share a key could not be looked up: ${String(error)}`);
    return undefined;
  });
  if (record?.kind === 'other') {
    const theirs = `the workers of ${where} have the key ${record.ids.join(' or ')}, and ${place.file} has ${ids.join()}`;
    if (!isKnown)
      throw new SealError(
        `${theirs}: nothing that this worker says would count. Copy the file of a worker that works there and name it ` +
          'in COXSWAIN_SEAL; or, if this is the right one, say so: cox seal claim',
      );
    say(`${theirs}; this worker worked there before, and goes on: if that is right, say so: cox seal claim`);
  }
  if (record?.kind === 'shared') await writeJoined(stateDir, { ...joined, [where]: ids });
}

const joinedSchema = z.record(z.string(), z.array(z.string()));

async function readJoined(stateDir: string): Promise<z.infer<typeof joinedSchema>> {
  const text = await readFile(join(stateDir, 'seal-joined.json'), 'utf8').catch(() => '{}');
  try {
    return joinedSchema.parse(JSON.parse(text));
  } catch {
    // Half written by a process that was killed: it is as if it had never been here.
    return {};
  }
}

async function writeJoined(stateDir: string, joined: z.infer<typeof joinedSchema>): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  await writeFile(join(stateDir, 'seal-joined.json'), JSON.stringify(joined), { mode: 0o600 });
}
