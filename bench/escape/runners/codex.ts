/**
 * The sandbox of Codex: `codex sandbox`, from the npm package `@openai/codex`, in a plain checkout.
 * Rule: only its own permission profiles are used: `:workspace`, and a profile that reads only what its documentation
 * calls minimal.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import type { Ran } from '../run-program.ts';
import type { Prepared, Runner } from '../runner.ts';
import { openCheckout } from './plain-checkout.ts';

/** Opens a checkout whose commands run by `codex sandbox`. */
export const codex: Runner = {
  open: async (places, { program = '', profile = '', configuration = '' }) => {
    if (configuration !== '') {
      await mkdir(join(places.home, '.codex'), { recursive: true });
      await writeFile(join(places.home, '.codex', 'config.toml'), configuration);
    }
    const inside = async (args: readonly string[], cwd: string, timeoutMs: number): Promise<Ran> => {
      const all = ['sandbox', '--permission-profile', profile, '--', ...args];
      const ran = await runProgram(program, all, { cwd, env: process.env, timeoutMs });
      return { ...ran, output: ran.output.replace(/^WARNING: proceeding, even though .*\n/m, '') };
    };
    return await openCheckout(
      places,
      async (command, cwd, timeoutMs) => await inside(['bash', '-c', command], cwd, timeoutMs),
      {
        // Codex applies patches with its own program, in its own sandbox.
        patch: async (patch, cwd) => await inside([program, '--codex-run-as-apply-patch', patch], cwd, 10_000),
        isProgram: true,
      },
    );
  },
};

/**
 * Finds the program in a folder that npm installed into. With `toolchains` the strict profile is used, which reads
 * them.
 */
export async function prepareCodex(modules: string, toolchains?: readonly string[]): Promise<Prepared> {
  const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`;
  const program = join(modules, '@openai', `codex-linux-${process.arch}`, 'vendor', target, 'bin', 'codex');
  if (!existsSync(program)) return { kind: 'absent', why: `no ${program}` };
  const version = (await runProgram(program, ['--version'], { cwd: '/', env: process.env, timeoutMs: 10_000 })).output;
  const configuration = toolchains === undefined ? '' : strict([modules, ...toolchains]);
  return {
    kind: 'ready',
    version: /\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? version.trim(),
    configuration:
      configuration !== ''
        ? `codex sandbox --permission-profile strict, with config.toml: ${configuration.replaceAll(/\n+/g, '; ')}`
        : 'codex sandbox --permission-profile :workspace (its built-in profile for writing; no network)',
    settings: { program, profile: configuration === '' ? ':workspace' : 'strict', configuration },
  };
}

/** Its documented strict profile: minimal system paths, its own program, the toolchains and the workspace. */
function strict(folders: readonly string[]): string {
  return `default_permissions = "strict"
[permissions.strict.filesystem]
":minimal" = "read"
${folders.map((folder) => `"${folder}" = "read"\n`).join('')}[permissions.strict.filesystem.":workspace_roots"]
"." = "write"
`;
}
