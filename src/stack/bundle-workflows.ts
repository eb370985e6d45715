/**
 * The workflows as one bundle for a worker: the package's prebuilt one, or one made from the sources and cached.
 * Rule: a cached bundle is used only for exactly the sources that it was made from. The bundler runs in a separate
 * process, because its 150 MB of memory would stay with the worker.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
const ROOT = dirname(SOURCES);
/** Bundles that were made longer ago than this are removed. */
const KEEP_MS = 7 * 24 * 60 * 60_000;

/** Returns the file of the bundle. Making a new one takes seconds. */
export async function bundleWorkflows(): Promise<{ codePath: string }> {
  const prebuilt = join(SOURCES, 'workflow-bundle.js');
  if (existsSync(prebuilt)) return { codePath: prebuilt };
  const folder = await openFolder();
  const codePath = join(folder, `workflows-${await digestSources()}.js`);
  if (!existsSync(codePath)) {
    await removeOld(folder);
    // The file gets its name only when it is whole, because another worker may look for it now.
    const fresh = `${codePath}.${process.pid}`;
    await execa(process.execPath, [join(ROOT, 'scripts', 'bundle-workflows.mjs'), fresh]);
    await rename(fresh, codePath);
  }
  return { codePath };
}

/** The cache folder in `node_modules`; in a read-only checkout, a new temporary folder for this start. */
async function openFolder(): Promise<string> {
  const folder = join(ROOT, 'node_modules', '.cache', 'coxswain');
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    return await mkdtemp(join(tmpdir(), 'coxswain-bundle-'));
  }
}

/**
 * Digest of everything that a bundle is made from: our sources, the bundling code, and the versions of all packages.
 */
async function digestSources(): Promise<string> {
  const names = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();
  const files = names.map((name) => join(SOURCES, name));
  const scripts = ['bundle-workflows.mjs', 'preload-core.mjs'].map((name) => join(ROOT, 'scripts', name));
  const others = [join(ROOT, 'package-lock.json'), ...scripts];
  const hash = createHash('sha256');
  for (const file of [...others, ...files]) {
    const bytes = await readFile(file);
    hash.update(`${file.slice(ROOT.length)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > KEEP_MS) await rm(path, { force: true });
  }
}
