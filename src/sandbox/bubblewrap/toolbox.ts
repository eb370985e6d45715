/**
 * The programs that every command finds at the end of its PATH: node, ast-grep, rg, apply_patch
 * and cox-codemod.
 * Rule: a program of the repository or the host always comes first; the toolbox only fills gaps.
 */
import { existsSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, lstat, mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { words } from '../../core/text/words.ts';

/** The toolbox's folder inside the sandbox. */
export const SANDBOX_TOOLS = '/opt/coxswain/bin';

/** The environment variable with the toolbox's folder, with and without a sandbox. */
export const TOOLS_VARIABLE = 'COXSWAIN_TOOLS';

/**
 * The toolbox on this host: a folder to put on a PATH. On another file system than the programs, it has symbolic links
 * to them: `links` then has the source of each name, and the sandbox mounts them one by one.
 */
export interface Toolbox {
  folder: string;
  links: readonly { name: string; source: string }[];
}

/** Our programs and the files that they import. Node tells by the suffix whether they are compiled. */
const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const sources = words(`
  apply-patch-program parse-patch egress-relay-program codemod-program codemod-survey codemod-search codemod-files
  codemod-languages apply-rewrite compile-javascript rewrite-match align-tokens template-tokens
`).map((name) => `${name}.${suffix}`);

/** A script that runs a program in its own folder, wherever the toolbox is mounted. */
const scriptOf = (program: string): string => `#!/bin/sh
exec "\${0%/*}/node" --no-warnings "\${0%/*}/${program}.${suffix}" "$@"
`;
/** The scripts, by the names that people and models type. */
const scripts: Record<string, string> = {
  apply_patch: scriptOf('apply-patch-program'),
  'cox-codemod': scriptOf('codemod-program'),
};

/**
 * Makes the toolbox's folder under `stateDir`. Its name is a digest of its content and it is never changed, since
 * commands of other workers may have it mounted.
 */
export async function prepareToolbox(stateDir: string): Promise<Toolbox> {
  const programs = [{ name: 'node', source: process.execPath }, ...(await findPackaged())];
  const files: Record<string, string> = { 'package.json': '{"type": "module"}\n', ...scripts };
  for (const name of sources)
    files[name] = await readFile(fileURLToPath(new URL(`../programs/${name}`, import.meta.url)), 'utf8');
  const marks = await Promise.all(programs.map(async ({ source }) => [source, (await stat(source)).mtimeMs]));
  const digest = createHash('sha256')
    .update(JSON.stringify([files, marks]))
    .digest('hex')
    .slice(0, 16);
  const folder = join(stateDir, `toolbox-${digest}`);
  if (!existsSync(folder)) await makeToolbox(folder, files, programs);
  const isLinked = (await lstat(join(folder, 'node'))).isSymbolicLink();
  const own = Object.keys(files).map((name) => ({ name, source: join(folder, name) }));
  return { folder, links: isLinked ? [...programs, ...own] : [] };
}

async function makeToolbox(
  folder: string,
  files: Record<string, string>,
  programs: readonly { name: string; source: string }[],
): Promise<void> {
  const fresh = `${folder}-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(fresh, { recursive: true });
  await chmod(fresh, 0o755);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(fresh, name), text);
    await chmod(join(fresh, name), name in scripts ? 0o755 : 0o644);
  }
  const linked = await Promise.all(
    programs.map(async ({ name, source }) => await isHardLinked(source, join(fresh, name))),
  );
  if (linked.includes(false)) {
    for (const { name, source } of programs) {
      await rm(join(fresh, name), { force: true });
      await symlink(source, join(fresh, name));
    }
  }
  // If another worker was faster, its folder has the same content.
  await rename(fresh, folder).catch(async () => await rm(fresh, { recursive: true, force: true }));
}

/** Hard-links a program. That fails across file systems, and for another user's file unless the worker is root. */
async function isHardLinked(source: string, target: string): Promise<boolean> {
  return await link(await realpath(source), target).then(
    () => true,
    () => false,
  );
}

/** The programs that npm's packages have for this platform; those that are missing are left out. */
async function findPackaged(): Promise<{ name: string; source: string }[]> {
  const rg = await import('@vscode/ripgrep').catch(() => undefined);
  const found = [
    { name: 'ast-grep', source: findAstGrep() },
    { name: 'rg', source: rg?.rgPath },
  ];
  return found.flatMap(({ name, source }) => (source === undefined ? [] : [{ name, source }]));
}

function findAstGrep(): string | undefined {
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
