/**
 * The keys of a worker that runs: which one seals now, and the one that a seal names.
 * Rule: the file is looked at again while the worker runs, so that a new key needs no restart; a file that can't be
 * read any more changes nothing.
 */
import { statSync } from 'node:fs';
import { readKeyFile } from './key-file.ts';

/** Looking costs microseconds; a new key begins to seal a minute after it was written. */
const LOOK_EVERY_MS = 2000;

export interface RingKey {
  id: Buffer;
  secret: Buffer;
}

export interface KeyRing {
  /** What was scheduled before this moment may be unsealed. */
  since: number;
  /** Ids of all keys, the newest first. */
  ids: () => string[];
  /** The key that seals now. */
  sealing: () => RingKey;
  /** The key of this id; undefined where there is none. */
  find: (id: Buffer) => RingKey | undefined;
}

/** Opens the keys of a file; fails with a `SealError` where there are none. */
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
      // It is being edited: what was read before holds until it can be read again.
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
