/**
 * Runs one of our own small scripts in the sandbox and returns its whole output. Not for agents' commands.
 * Rule: the script gets the same sandbox as every command, and is killed after its timeout.
 */
import { closed } from '../../programs/child.ts';
import type { Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import { defaultLimits } from '../limits.ts';
import { startSandbox } from '../bubblewrap/start-sandbox.ts';

/** How a script ended; `exitCode` is null if it was killed. */
export interface ScriptResult {
  exitCode: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs an `sh` script, or one program with its arguments, over these layers, with `stdin` as its input. */
export async function runScript(
  root: SandboxRoot,
  {
    layers,
    script,
    stdin,
    timeoutMs,
  }: { layers: Layers; script: string | readonly string[]; stdin: Buffer; timeoutMs: number },
): Promise<ScriptResult> {
  const command = { layers, env: {}, command: script, limits: defaultLimits() };
  const { child, tree, exit } = await startSandbox(root, command, { stdin: 'stream', output: 'stream' });
  const stdout: Buffer[] = [];
  let stderr = '';
  const outputs = [child.output(1), child.output(2)] as const;
  outputs[0].on('data', (chunk: Buffer) => stdout.push(chunk));
  outputs[1].on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const areRead = Promise.all(outputs.map(closed));
  child
    .input(0)
    .on('error', () => undefined)
    .end(stdin);
  const timer = setTimeout(() => tree.kill(), timeoutMs);
  try {
    const { exitCode } = await exit;
    await tree.dead();
    await areRead;
    return { exitCode, stdout: Buffer.concat(stdout), stderr };
  } finally {
    clearTimeout(timer);
  }
}
