/**
 * Installs the two peers when the bench runs: packages by npm, programs that they need by apt.
 * Rule: everything goes into one cache folder, nothing into the system; a peer that can't be installed is reported with
 * the reason.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProgram } from './run-program.ts';

const PACKAGES = ['@openai/codex', '@anthropic-ai/sandbox-runtime'];
/** Programs that sandbox-runtime's README requires on Linux besides bubblewrap, with their Debian packages. */
const PROGRAMS = [
  { name: 'socat', packages: ['socat', 'libwrap0'] },
  { name: 'rg', packages: ['ripgrep'] },
];
const INSTALL_MS = 300_000;

/** Where the peers are, and a folder with required programs that this machine lacks. */
export type Peers = { kind: 'here'; modules: string; bin: string } | { kind: 'absent'; why: string };

/** Installs what is missing. */
export async function installPeers(cacheDir: string, bubblewrap: string | undefined): Promise<Peers> {
  const folder = join(cacheDir, 'peers');
  const modules = join(folder, 'node_modules');
  await mkdir(join(folder, 'bin'), { recursive: true });
  if (!PACKAGES.every((name) => existsSync(join(modules, name)))) {
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', ...PACKAGES];
    const ran = await run('npm', args, folder);
    if (ran.exitCode !== 0) return { kind: 'absent', why: `npm install ${PACKAGES.join(' ')}: ${ran.output.trim()}` };
  }
  const path = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? '/usr/bin:/bin'}`;
  if (bubblewrap !== undefined && !(await isThere('bwrap', path))) {
    await rm(join(folder, 'bin', 'bwrap'), { force: true });
    await symlink(bubblewrap, join(folder, 'bin', 'bwrap'));
  }
  for (const { name, packages } of PROGRAMS) {
    if (await isThere(name, path)) continue;
    const problem = await unpack(folder, name, packages);
    if (problem !== undefined) return { kind: 'absent', why: `${name} is not here, and apt-get download: ${problem}` };
  }
  return { kind: 'here', modules, bin: join(folder, 'bin') };
}

async function isThere(name: string, path: string): Promise<boolean> {
  const env = { ...process.env, PATH: path };
  const options = { cwd: '/', env, timeoutMs: 10_000 };
  return (await runProgram('sh', ['-c', `command -v ${name}`], options)).exitCode === 0;
}

/** Unpacks Debian packages outside the system, with a script that sets the path of the program's libraries. */
async function unpack(folder: string, name: string, packages: readonly string[]): Promise<string | undefined> {
  const root = join(folder, 'root');
  const debs = join(folder, 'debs');
  await mkdir(debs, { recursive: true });
  let ran = await run('apt-get', ['download', '--quiet', ...packages], debs);
  if (ran.exitCode !== 0) {
    await run('apt-get', ['update', '--quiet'], debs);
    ran = await run('apt-get', ['download', '--quiet', ...packages], debs);
  }
  if (ran.exitCode !== 0) return ran.output.trim().slice(-300);
  const unpacked = await run('sh', ['-c', `for deb in *.deb; do dpkg-deb -x "$deb" '${root}'; done`], debs);
  if (unpacked.exitCode !== 0) return unpacked.output.trim().slice(-300);
  const libraries = `$(echo ${root}/usr/lib/*-linux-gnu ${root}/lib/*-linux-gnu | tr ' ' ':')`;
  const script = `#!/bin/sh\nLD_LIBRARY_PATH="${libraries}" exec '${root}/usr/bin/${name}' "$@"\n`;
  await writeFile(join(folder, 'bin', name), script);
  await chmod(join(folder, 'bin', name), 0o755);
  return undefined;
}

async function run(file: string, args: readonly string[], cwd: string): ReturnType<typeof runProgram> {
  return await runProgram(file, args, { cwd, env: process.env, timeoutMs: INSTALL_MS });
}
