/**
 * Identifies a hub independently of its name: on two hosts, the same path may be two different disks.
 * Rule: a hub by path is identified by an id in a file, which the first worker writes; a hub by URL by its address.
 */
import { randomBytes } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { placeOf, readAddress } from '../../core/address.ts';
import { digestText } from '../../core/digest.ts';
import { hideCredentials } from '../git-failure.ts';
import { readPlainFile } from '../read-plain-file.ts';
import { makeFolder, openStore } from '../store.ts';

export interface HubIdentity {
  /** Sixteen hex digits. */
  id: string;
  /** The hub's place, for people. */
  shown: string;
}

/** The file with the id: in the folder of all hubs, or in the only hub. */
const FILE = '.coxswain-hub';
const MAX_ID_BYTES = 1024;

/** Identifies a hub by its name in the configuration. Throws if a hub by path can't be written. */
export async function identifyHub(
  hub: string,
  { stateDir, machine }: { stateDir: string; machine: string },
): Promise<HubIdentity> {
  const read = readAddress(hub);
  if (read.kind === 'bad') return { id: digestText(hub).slice(0, 16), shown: hideCredentials(hub) };
  if (read.address.kind === 'url')
    return { id: digestText(placeOf(read.address)).slice(0, 16), shown: placeOf(read.address) };
  const path = resolve(stateDir, read.address.path);
  const [above = ''] = path.split('{repository}', 1);
  const folder = above === path ? (await openStore({ dir: path })).dir : dirname(`${above}x`);
  await makeFolder(folder);
  return { id: await readOrMakeId(join(folder, FILE)), shown: `${path} (${machine})` };
}

/** Reads the id from a file, which is written first if it is missing; the link makes the file whole or absent. */
async function readOrMakeId(file: string): Promise<string> {
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, randomBytes(8).toString('hex'), { mode: 0o644 });
  await link(fresh, file).catch(() => undefined);
  await unlink(fresh);
  return (await readPlainFile(file, MAX_ID_BYTES)).toString('utf8').trim();
}
