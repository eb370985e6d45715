/**
 * The keys of a running worker: the one that seals now, and the one that a seal names.
 * Rule: the key file is read again while the worker runs, so that a new key needs no restart. A file that can't be read
 * any more changes nothing.
 */
import { statSync } from 'node:fs';
import { readKeyFile } from './key-file.ts';

/** Checking the file takes microseconds. A new key seals only a minute after it was written, so 2 s are enough. */
const LOOK_EVERY_MS = 2000;

export interface RingKey {
  id: Buffer;
  secret: Buffer;
}

export interface KeyRing {
  /** Activities that were scheduled before this moment may be unsealed. Milliseconds since 1970. */
  since: number;
  /** Ids of all keys, the newest first. */
  ids: () => string[];
  /** The key that seals now. */
  sealing: () => RingKey;
  /** The key with this id; undefined if there is none. */
  find: (id: Buffer) => RingKey | undefined;
}

/** Opens a key file. Throws a SealError if it is missing or wrong. */
export function openKeyRing(file: string): KeyRing {
  let { since, keys } = readKeyFile(file);
  let written = writtenAt(file);
  let looked = Date.now();
  const look = (): void => {
    if (Date.now() - looked < LOOK_EVERY_MS) return;
    looked = Date.now();
    const now = writtenAt(file);
    if (now === undefined || now === written) return;
    try {
      ({ since, keys } = readKeyFile(file));
      written = now;
    } catch {
      // The file may be half written: the keys from before stay until it can be read.
    }
  };
  const toKey = ({ id, secret }: (typeof keys)[number]): RingKey => ({
    id: Buffer.from(id, 'hex'),
    secret: Buffer.from(secret, 'base64'),
  });
  return {
    since,
    ids: () => keys.map(({ id }) => id),
    sealing: () => {
      look();
      const at = Date.now();
      const key = keys.find(({ from = 0 }) => from <= at) ?? keys.at(-1);
      if (!key) throw new Error('a file of keys has at least one');
      return toKey(key);
    },
    find: (id) => {
      const wanted = id.toString('hex');
      const known = (): (typeof keys)[number] | undefined => keys.find((key) => key.id === wanted);
      if (!known()) look();
      const key = known();
      return key && toKey(key);
    },
  };
}

function writtenAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
