/**
 * The name of a host among the workers.
 * Rule: the state folder stores the name, so a restarted worker is the same host as before.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads this host's name from the state folder, or writes a new one there. */
export async function nameHost(stateDir: string): Promise<string> {
  const file = join(stateDir, 'host');
  // Only the first writer creates the file, by a link, so no reader sees a part of it.
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, randomBytes(4).toString('hex'), { mode: 0o600 });
  await link(fresh, file).catch(() => undefined);
  await unlink(fresh);
  return (await readFile(file, 'utf8')).trim();
}
