/**
 * A sandbox without a workspace's record or store: a base of a few files, an upper folder, and commands over them.
 * Rule: commands run by `runInSandbox` alone; nothing is added or left out.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRequest, CommandResult } from '../../src/sandbox/command/request.ts';
import type { GuardName } from '../../src/sandbox/guards.ts';
import type { Layers, SandboxRoot } from '../../src/sandbox/bubblewrap/layout.ts';
import { runInSandbox } from '../../src/sandbox/command/run-command.ts';
import { prepareSandboxRoot } from '../../src/sandbox/bubblewrap/sandbox-root.ts';
import { realIsolation, temporaryFolder } from './sandbox-host.ts';

export interface BareSandbox {
  /** Holds `base`, `files` (the upper folder), `work` and `state`. */
  folder: string;
  root: SandboxRoot;
  layers: Layers;
  run: (
    command: CommandRequest['command'],
    more?: Partial<CommandRequest> & { without?: readonly GuardName[] },
  ) => Promise<CommandResult>;
}

/** Makes a sandbox over a base with a file, and a folder with another file. */
export async function makeBareSandbox(): Promise<BareSandbox> {
  const folder = temporaryFolder();
  for (const name of ['base/folder', 'files', 'work', 'state']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'base/file'), 'base\n');
  writeFileSync(join(folder, 'base/folder/gone'), 'base\n', { mode: 0o600 });
  const { path } = await realIsolation();
  const root = await prepareSandboxRoot({ stateDir: join(folder, 'state'), bubblewrap: path });
  const layers = { lower: [join(folder, 'base')], upper: { files: join(folder, 'files'), work: join(folder, 'work') } };
  return {
    folder,
    root,
    layers,
    run: async (command, { without = [], ...more } = {}) => {
      const request = { command, profile: 'workspace', network: false, timeoutMs: 60_000, ...more } as const;
      return await runInSandbox(root, { layers, request, without });
    },
  };
}
