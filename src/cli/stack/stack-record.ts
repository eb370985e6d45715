/**
 * The note of a running embedded stack in its state folder, by which other commands find it.
 * Rule: a note that a killed process left does not count.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../config.ts';
import { parseJson } from '../../core/text/json.ts';
import { isListening } from '../../stack/ports.ts';

const recordSchema = z.object({ address: z.string(), uiUrl: z.string(), pid: z.number() });
export type StackRecord = z.infer<typeof recordSchema>;

export function recordPath(config: Config): string {
  return join(config.stateDir, 'stack.json');
}

/** The running stack of this folder. A record that a killed process left does not count. */
export async function readStackRecord(config: Config): Promise<StackRecord | undefined> {
  const path = recordPath(config);
  if (!existsSync(path)) return undefined;
  const record = recordSchema.safeParse(parseJson(await readFile(path, 'utf8').catch(() => ''))).data;
  if (!record || !isAlive(record.pid)) return undefined;
  return (await isListening(Number(record.address.split(':').at(-1)))) ? record : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function writeStackRecord(config: Config, record: StackRecord): Promise<void> {
  const fresh = `${recordPath(config)}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(record), { mode: 0o600 });
  await rename(fresh, recordPath(config));
}
