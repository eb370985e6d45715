/**
 * What is remembered beside a workspace's files: where it stands, and whether that is sure.
 * Rule: written whole or not at all, dirty before anything may change the files, clean only after a checkpoint took
 * them.
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
  /** The commit that the files stand at, and its tree: another commit with that tree needs no reset. */
  commit: shaSchema,
  tree: shaSchema,
  /** The layer that setup left, or the setup itself where it ran in the workspace. */
  setup: z.string(),
  /** The folder of the files' current generation; a reset makes a new one, so that nothing late can touch it. */
  generation: z.string(),
  dirty: z.boolean(),
  /** After a crash of the host, files that were not flushed may be missing: another boot makes a workspace dirty. */
  boot: z.string(),
});
/** Where a workspace stands. */
export type WorkspaceState = z.infer<typeof stateSchema>;

/** The state in a workspace's folder, or undefined when there is none that can be read. */
export async function readState(folder: string): Promise<WorkspaceState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the state by a rename. */
export async function writeState(folder: string, state: WorkspaceState): Promise<void> {
  const fresh = join(folder, 'state.json.new');
  await writeFile(fresh, `${JSON.stringify(state)}\n`);
  await rename(fresh, join(folder, 'state.json'));
}

/** This boot of the host, or nothing where the system does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** A folder's name for any id: a readable slug and ten hex digits of its hash. */
export function folderName(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug || 'workspace'}-${createHash('sha256').update(id).digest('hex').slice(0, 10)}`;
}
