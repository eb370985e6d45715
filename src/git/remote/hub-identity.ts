/**
 * What tells one hub from another, whatever it is called: two hosts may have one path and two disks.
 * Rule: a hub by path is known by an id that lies in it, made by whoever comes first; one by URL by where it is.
 */
import { randomBytes } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { placeOf, readAddress } from '../../core/address.ts';
import { digestText } from '../../core/digest.ts';
import { hideSecrets } from '../git-failure.ts';
import { readPlainFile } from '../read-plain-file.ts';
import { makeFolder, openStore } from '../store.ts';

export interface HubIdentity {
  /** Sixteen hex digits. */
  id: string;
  /** Where it is, for people. */
  shown: string;
}

/** The file with the id: in the folder of all hubs, or in the one hub. */
const FILE = '.coxswain-hub';
const MAX_ID_BYTES = 1024;

/** Identifies a hub as the configuration names it; fails where nothing can be written in one by path. */
export async function identifyHub(
  hub: string,
  { stateDir, machine }: { stateDir: string; machine: string },
): Promise<HubIdentity> {
  const read = readAddress(hub);
  if (read.kind === 'bad') return { id: digestText(hub).slice(0, 16), shown: hideSecrets(hub) };
  if (read.address.kind === 'url')
    return { id: digestText(placeOf(read.address)).slice(0, 16), shown: placeOf(read.address) };
  const path = resolve(stateDir, read.address.path);
  const [above = ''] = path.split('{repository}', 1);
  const folder = above === path ? (await openStore({ dir: path })).dir : dirname(`${above}x`);
  await makeFolder(folder);
  return { id: await keepId(join(folder, FILE)), shown: `${path} (${machine})` };
}

/** The id in a file, which only the first writer makes; it is linked into place whole. */
async function keepId(file: string): Promise<string> {
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, randomBytes(8).toString('hex'), { mode: 0o644 });
  await link(fresh, file).catch(() => undefined);
  await unlink(fresh);
  return (await readPlainFile(file, MAX_ID_BYTES)).toString('utf8').trim();
}
