/**
 * A cache of commits and trees of stores: they never change, and each step of an agent looks at the same ones.
 * Rule: bounded by bytes; blobs are never in it.
 */
import type { Sha } from '../../core/transcript.ts';

/** An object of a store, as its type and its bytes without git's header. */
export interface GitObject {
  readonly type: string;
  readonly bytes: Buffer;
}

const MAX_CACHED_BYTES = 64 * 1024 * 1024;
/** What callers read out of an object, such as a tree's entries, takes a few times as much as its bytes. */
const WEIGHT = 4;
/** Weight of an object without bytes. */
const LEAST_WEIGHT = 500;

const cache = new Map<string, GitObject>();
let cachedBytes = 0;

function weigh({ bytes }: GitObject): number {
  return LEAST_WEIGHT + WEIGHT * bytes.length;
}

/** The object, if it is in the cache. It moves to the end of those that make room for new ones. */
export function cachedObject(dir: string, id: Sha): GitObject | undefined {
  const name = `${dir} ${id}`;
  const object = cache.get(name);
  if (!object) return undefined;
  cache.delete(name);
  cache.set(name, object);
  return object;
}

/** Puts a commit or a tree that the store has into the cache; returns it as it is there. */
export function cacheObject(dir: string, id: Sha, object: GitObject): GitObject {
  const name = `${dir} ${id}`;
  if (object.type !== 'commit' && object.type !== 'tree') return object;
  const before = cache.get(name);
  if (before) return before;
  // Copied: these bytes may be a small part of a larger piece of memory, which they would hold.
  const bytes = Buffer.allocUnsafeSlow(object.bytes.length);
  object.bytes.copy(bytes);
  const cached = { type: object.type, bytes };
  cache.set(name, cached);
  cachedBytes += weigh(cached);
  for (const [oldest, other] of cache) {
    if (cachedBytes <= MAX_CACHED_BYTES) break;
    cache.delete(oldest);
    cachedBytes -= weigh(other);
  }
  return cached;
}
