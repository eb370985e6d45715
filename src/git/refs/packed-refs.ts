/**
 * Reads the file in which git packs refs.
 * Rule: the file is read again whenever git has written it, so a ref that is not loose any more is always found.
 */
import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha } from '../../core/transcript.ts';

interface PackedRefs {
  refs: ReadonlyMap<string, Sha>;
  /** Every folder that a packed ref is in, such as `refs` and `refs/heads`. */
  folders: ReadonlySet<string>;
}

const NONE: PackedRefs = { refs: new Map(), folders: new Set() };
/** Files of this many stores are kept in memory. */
const MAX_KEPT = 32;

/** Far more than a step of any file system's clock, and than the difference to the clock of a file server. */
const SETTLED_MS = 5000;

const kept = new Map<string, { stamp: string; packed: PackedRefs }>();

/** The packed refs; undefined if the file is not as git writes it. */
export async function readPackedRefs(dir: string): Promise<PackedRefs | undefined> {
  const path = join(dir, 'packed-refs');
  for (;;) {
    const before = await stampOf(path);
    if (before === undefined) return NONE;
    const last = kept.get(dir);
    if (last?.stamp === before) return last.packed;
    const packed = parse(await readFile(path, 'latin1').catch(() => ''));
    // Git replaces the file as a whole. If that happened in between, it is read again.
    if ((await stampOf(path)) !== before) continue;
    if (!packed) return undefined;
    kept.delete(dir);
    if (!(await isSettled(path))) return packed;
    kept.set(dir, { stamp: before, packed });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return packed;
  }
}

/**
 * Whether the file is older than the steps of the file system's clock: files that are written within one step can have
 * the same stamp, since the number of a removed file is given to the next one.
 */
async function isSettled(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs > SETTLED_MS;
}

/** What changes when git replaces the file; undefined if there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  const found: BigIntStats | undefined = await stat(path, { bigint: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function parse(text: string): PackedRefs | undefined {
  const refs = new Map<string, Sha>();
  const folders = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#') || line.startsWith('^')) continue;
    const [, id, ref] = /^([0-9a-f]{40}) (refs\/.+)$/.exec(line) ?? [];
    if (id === undefined || ref === undefined) return undefined;
    refs.set(ref, id as Sha);
    // A folder that is known has its own folders in the set too.
    for (let at = ref.lastIndexOf('/'); at > 0; at = ref.lastIndexOf('/', at - 1)) {
      const folder = ref.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return text === '' || text.endsWith('\n') ? { refs, folders } : undefined;
}
