/**
 * The record of a workspace: the commit that its files are at, and whether they are clean.
 * Rule: written whole or not at all; dirty before a command may change files, clean only after a checkpoint has them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { shaSchema } from '../../core/transcript.ts';

const stateSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  isolation: z.enum(['bwrap', 'external', 'none']),
  base: shaSchema,
  /** The commit that the files are at, and its tree: for another commit with the same tree they can be used too. */
  commit: shaSchema,
  tree: shaSchema,
  /** The setup layer's key; without isolation, the setup that ran in the workspace. */
  setup: z.string(),
  /** The folder of the current files. Fresh files get a new folder, which no late process of the old one can touch. */
  generation: z.string(),
  dirty: z.boolean(),
  /** The host's boot. Another boot counts as dirty: after a crash, files that were not flushed may be missing. */
  boot: z.string(),
});
/** The record of a workspace. */
export type WorkspaceState = z.infer<typeof stateSchema>;

/** The state in a workspace's folder; undefined if there is none, or an unreadable one. */
export async function readState(folder: string): Promise<WorkspaceState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the state atomically, by a rename. */
export async function writeState(folder: string, state: WorkspaceState): Promise<void> {
  const fresh = join(folder, 'state.json.new');
  await writeFile(fresh, `${JSON.stringify(state)}\n`);
  await rename(fresh, join(folder, 'state.json'));
}

/** The id of the host's current boot; empty if the system has none. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** A folder name for any id: a readable slug and ten hex digits of the id's hash. */
export function folderName(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug || 'workspace'}-${createHash('sha256').update(id).digest('hex').slice(0, 10)}`;
}
