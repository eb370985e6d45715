/**
 * A worker process for one command in a bare sandbox: tests start it with variables and descriptors, or kill it.
 * Rule: it prints the command's output and nothing else. Its argument is JSON: the bubblewrap program, the folder of
 * the sandbox, the command, and the guards to switch off.
 */
import { join } from 'node:path';
import type { GuardName } from '../../src/sandbox/guards.ts';
import { runInSandbox } from '../../src/sandbox/command/run-command.ts';
import { prepareSandboxRoot } from '../../src/sandbox/bubblewrap/sandbox-root.ts';

interface Order {
  bubblewrap: string;
  folder: string;
  command: string;
  without: GuardName[];
}

const { bubblewrap, folder, command, without } = JSON.parse(process.argv[2] ?? '{}') as Order;
const root = await prepareSandboxRoot({ stateDir: join(folder, 'state'), bubblewrap });
const layers = { lower: [join(folder, 'base')], upper: { files: join(folder, 'files'), work: join(folder, 'work') } };
const request = { command, profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
const { output } = await runInSandbox(root, { layers, request, without });
process.stdout.write(output);
