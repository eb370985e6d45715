/**
 * The programs of our own that every command finds last on its PATH: node, ast-grep and apply_patch.
 * Rule: a program of the repository or of the host always comes first; ours only fill gaps.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the toolbox lies inside the sandbox. */
export const SANDBOX_TOOLS = '/opt/coxswain/bin';

/** The variable that tells a command where the toolbox is, inside the sandbox or without one. */
export const TOOLS_VARIABLE = 'COXSWAIN_TOOLS';

/**
 * The toolbox on this host: a folder to put on a PATH, and what each of its names stands for, to be bound one by one.
 */
export interface Toolbox {
  folder: string;
  programs: readonly { name: string; source: string }[];
}

/** The patch program and what it imports, from source or compiled: node tells by the suffix. */
const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const patchFiles = [`apply-patch-program.${suffix}`, `parse-patch.${suffix}`];

/** Runs the program beside the script, wherever the toolbox is mounted. */
const patchScript = `#!/bin/sh
exec "\${0%/*}/node" --no-warnings "\${0%/*}/${patchFiles[0]}" "$@"
`;

/** Makes the toolbox's folder under `stateDir`; a worker that starts beside another replaces it by an equal one. */
export async function prepareToolbox(stateDir: string): Promise<Toolbox> {
  const folder = join(stateDir, 'toolbox');
  const fresh = `${folder}-${process.pid}-${Math.trunc(performance.now() * 1000)}`;
  await mkdir(fresh, { recursive: true });
  const astGrep = findAstGrep();
  const links = [
    { name: 'node', source: process.execPath },
    ...patchFiles.map((name) => ({ name, source: fileURLToPath(new URL(`./${name}`, import.meta.url)) })),
    ...(astGrep ? [{ name: 'ast-grep', source: astGrep }] : []),
  ];
  for (const { name, source } of links) await symlink(source, join(fresh, name));
  await writeFile(join(fresh, 'package.json'), '{"type": "module"}\n');
  await writeFile(join(fresh, 'apply_patch'), patchScript);
  await chmod(join(fresh, 'apply_patch'), 0o755);
  await replaceFolder(fresh, folder);
  const own = ['apply_patch', 'package.json'].map((name) => ({ name, source: join(folder, name) }));
  return { folder, programs: [...links, ...own] };
}

/**
 * Puts a folder in the place of another; between the two renames nothing is there, which only a starting command could
 * see.
 */
async function replaceFolder(fresh: string, folder: string): Promise<void> {
  const old = `${fresh}-old`;
  await rename(folder, old).catch(() => undefined);
  await rename(fresh, folder).catch(async () => await rm(fresh, { recursive: true, force: true }));
  await rm(old, { recursive: true, force: true });
}

/** The ast-grep program of this machine's npm platform package, or undefined where npm has none. */
export function findAstGrep(): string | undefined {
  const platformName =
    process.platform === 'linux' ? `linux-${process.arch}-gnu` : `${process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve('@ast-grep/cli/package.json');
    const platform = createRequire(main).resolve(`@ast-grep/cli-${platformName}/package.json`);
    const program = join(dirname(platform), 'ast-grep');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}
