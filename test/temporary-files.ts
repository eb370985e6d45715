/**
 * Where the tests' temporary files are: in memory, where the machine has room for them, since they make and remove
 * hundreds of thousands, and a disk that others use too makes each of them slow.
 * Rule: `TMPDIR`, where it is set, says where. What a killed run left is removed with the next.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const PREFIX = 'cox-';
/** The type of a file system in memory (TMPFS_MAGIC). */
const TMPFS = 0x01_02_19_94;
/** Several times what four files of tests have on disk at once. */
const ROOM_BYTES = 6 * 2 ** 30;

/** Makes the folder and names it in `TMPDIR`, if there is room; it is removed when this process ends. */
export function keepFilesInMemory(): void {
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return;
  for (const left of readdirSync(MEMORY).filter((name) => name.startsWith(PREFIX) && !isInUse(name)))
    rmSync(join(MEMORY, left), { recursive: true, force: true });
  const folder = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`));
  // As /tmp is: commands of a sandbox run as another user, whom only the sandbox may keep out.
  chmodSync(folder, 0o1777);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  // Tests start programs that they wrote, which some machines forbid there.
  if (mayRunPrograms(folder)) process.env['TMPDIR'] = folder;
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { type, bavail, bsize } = statfsSync(MEMORY);
  return type === TMPFS && bavail * bsize > ROOM_BYTES && freemem() > ROOM_BYTES;
}

/** Whether the process that made the folder is still there. */
function isInUse(name: string): boolean {
  return existsSync(`/proc/${name.slice(PREFIX.length).split('-')[0]}`);
}

function mayRunPrograms(folder: string): boolean {
  const program = join(folder, 'may-run');
  writeFileSync(program, '#!/bin/sh\nexit 0\n');
  chmodSync(program, 0o755);
  return spawnSync(program).status === 0;
}
