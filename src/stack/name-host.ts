/**
 * The name of a host among the workers of a queue.
 * Rule: the state folder keeps it, so that a worker started again is the host that it was.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A name that this host's state folder keeps, so that a worker started again finds its agents. */
export async function nameHost(stateDir: string): Promise<string> {
  const file = join(stateDir, 'host');
  // Only the first writer makes it; the file is linked into place whole.
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, randomBytes(4).toString('hex'), { mode: 0o600 });
  await link(fresh, file).catch(() => undefined);
  await unlink(fresh);
  return (await readFile(file, 'utf8')).trim();
}
