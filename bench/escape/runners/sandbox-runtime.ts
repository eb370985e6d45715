/**
 * The sandbox of Claude Code: the npm package `@anthropic-ai/sandbox-runtime` as a library, in a plain checkout.
 * Rule: the settings are the README's own recipes: the usual one, and the one that denies reads outside the workspace.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { runProgram } from '../run-program.ts';
import type { Ran } from '../run-program.ts';
import type { Prepared, Runner } from '../runner.ts';
import { openCheckout } from './plain-checkout.ts';

/** The part of the library that its README shows. */
interface SandboxManager {
  initialize(config: object): Promise<void>;
  wrapWithSandbox(command: string): Promise<string>;
  cleanupAfterCommand?(): void;
  reset(): Promise<void>;
}

/** Opens a checkout whose commands the library wraps. */
export const sandboxRuntime: Runner = {
  open: async (places, { module = '', isStrict }) => {
    const { SandboxManager: manager } = (await import(module)) as { SandboxManager: SandboxManager };
    // The temporary folder that it gives to commands; Claude Code creates it itself.
    await mkdir('/tmp/claude', { recursive: true });
    const inside = async (command: string, cwd: string, timeoutMs: number): Promise<Ran> => {
      const line = await manager.wrapWithSandbox(command);
      const ran = await runProgram('/bin/bash', ['-c', line], { cwd, env: process.env, timeoutMs });
      manager.cleanupAfterCommand?.();
      return ran;
    };
    const session = await openCheckout(places, inside, { close: async () => await manager.reset() });
    // Relative paths in its settings are relative to the working directory.
    process.chdir(session.opened.workspace);
    await manager.initialize(isStrict === '' ? usual() : strict(places.home));
    return session;
  },
};

function usual(): object {
  return {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: ['~/.ssh'], allowWrite: ['.'], denyWrite: ['.env'] },
  };
}

/** The recipe "Workspace-only filesystem access", whose `/home` is the folder above the worker's home. */
function strict(home: string): object {
  return {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: [dirname(home)], allowRead: ['.'], allowWrite: ['.'], denyWrite: [] },
  };
}

/** Finds the library in a folder that npm installed into; `path` has the programs that it needs. */
export function prepareSandboxRuntime(modules: string, path: string, isStrict: boolean): Prepared {
  const folder = join(modules, '@anthropic-ai', 'sandbox-runtime');
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version: string;
      main: string;
    };
    const shown = JSON.stringify(isStrict ? strict('<home>/worker') : usual());
    return {
      kind: 'ready',
      version: manifest.version,
      configuration: `SandboxManager with ${shown}`,
      settings: { module: join(folder, manifest.main), isStrict: isStrict ? 'yes' : '' },
      path,
    };
  } catch (error) {
    return { kind: 'absent', why: String(error) };
  }
}
