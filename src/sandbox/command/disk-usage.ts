/**
 * Watches how much a command writes to the disk of its workspace: cheaply by the file system's counts, exactly by du.
 * Rule: the counts alone don't end a command, since other processes write there too, unless the disk is almost full.
 */
import { statfs } from 'node:fs/promises';
import { execa } from 'execa';
import type { Limits } from '../limits.ts';

/** Space and inodes reserved for the worker and its store. A small or full disk reserves less. */
const RESERVED_BYTES = 512 * 1024 * 1024;
const RESERVED_FILES = 10_000;
/** The fastest writing that was measured: two cores, to memory or a fast disk. */
const BYTES_PER_MS = 2_000_000;
const FILES_PER_MS = 200;
/** du runs again after each eighth of the limit was written, so the limit is exceeded by an eighth at most. */
const PARTS = 8;

/** The result of one look. `nextMs`: the disk's reserve can't be reached sooner. */
export interface DiskLook {
  problem: string | undefined;
  nextMs: number;
}

interface Free {
  bytes: number;
  files: number;
}

/** Watches the file system of `folder` for one command. */
export class DiskWatch {
  readonly #folder: string;
  readonly #limits: Pick<Limits, 'diskBytes' | 'diskFiles'>;
  #reserve: Free | undefined;
  /** What was free when the folder's size was last measured; at the start the folder counts as empty. */
  #measuredAt: Free | undefined;

  constructor(folder: string, limits: Pick<Limits, 'diskBytes' | 'diskFiles'>) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Looks once; `problem` names the limit that is exceeded. */
  async look(): Promise<DiskLook> {
    const stat = await statfs(this.#folder);
    const free = { bytes: stat.bavail * stat.bsize, files: stat.ffree };
    // A file system without a fixed number of inodes reports 0.
    const countsFiles = stat.files > 0;
    this.#measuredAt ??= free;
    // On a small or almost full disk the reserve is smaller, so that commands can run there.
    this.#reserve ??= {
      bytes: Math.min(RESERVED_BYTES, (stat.blocks * stat.bsize) / 4, free.bytes / 2),
      files: countsFiles ? Math.min(RESERVED_FILES, stat.files / 4, free.files / 2) : Number.NEGATIVE_INFINITY,
    };
    const room = { bytes: free.bytes - this.#reserve.bytes, files: free.files - this.#reserve.files };
    if (room.bytes < 0) return { problem: 'the disk of the workspace is almost full', nextMs: 0 };
    if (countsFiles && room.files < 0)
      return { problem: 'the disk of the workspace is almost out of inodes', nextMs: 0 };
    const nextMs = Math.min(room.bytes / BYTES_PER_MS, countsFiles ? room.files / FILES_PER_MS : Infinity);
    return { problem: await this.#measureWhenGrown(free), nextMs };
  }

  async #measureWhenGrown(free: Free): Promise<string | undefined> {
    const { diskBytes, diskFiles } = this.#limits;
    const before = this.#measuredAt ?? free;
    if (before.bytes - free.bytes < diskBytes / PARTS && before.files - free.files < diskFiles / PARTS)
      return undefined;
    this.#measuredAt = free;
    const { bytes, files } = await measure(this.#folder);
    if (bytes > diskBytes) return `the workspace's changes take more than ${diskBytes} bytes on disk`;
    return files > diskFiles ? `the workspace has more than ${diskFiles} changed files and folders` : undefined;
  }
}

/** Size on disk and number of all files below a folder. */
async function measure(folder: string): Promise<Free> {
  const [kibibytes, files] = await Promise.all([sum(folder, '-k'), sum(folder, '--inodes')]);
  return { bytes: kibibytes * 1024, files };
}

/** The sum that `du` prints. A list with names could be huge where a command nests folders deeply. */
async function sum(folder: string, unit: string): Promise<number> {
  // du also fails where a file disappears meanwhile, but still prints the sum of the others.
  const { stdout } = await execa('du', ['-s', '-x', unit, '--', folder], { reject: false, stdin: 'ignore' });
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
}
