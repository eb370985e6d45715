/**
 * The small process that starts short programs for a large one; see starter.ts.
 * Rule: it ends with its parent, and gives each program three connections and nothing else, without reading from them.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { StarterReport, StarterRequest } from './starter.ts';

/** Programs by id. Before a program is started: `wanted`, or `unwanted` if it was killed meanwhile. */
const programs = new Map<number, ChildProcess | 'wanted' | 'unwanted'>();

// These reach the whole group: our owner shuts down in order, and needs us until then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: StarterRequest) => {
  if (request.kind === 'kill') kill(request.id);
  else void start(request).catch((error: unknown) => fail(request.id, error));
});
report({ kind: 'ready' });

function report(what: StarterReport): void {
  // Without a connection the parent is gone, and this process ends too.
  if (process.connected) process.send?.(what, () => undefined);
}

function fail(id: number, error: unknown): void {
  programs.delete(id);
  report({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
}

function kill(id: number): void {
  const program = programs.get(id);
  if (program === 'wanted') programs.set(id, 'unwanted');
  else if (program !== 'unwanted') program?.kill('SIGKILL');
}

async function start(request: Extract<StarterRequest, { kind: 'start' }>): Promise<void> {
  const { id, file, args, cwd, env, address, greetings } = request;
  programs.set(id, 'wanted');
  const ends = await Promise.all(greetings.map((greeting) => connect(address, greeting)));
  const child = spawn(file, args, { cwd, env, stdio: ends });
  // The program has its own copies now. With these open, the streams would never end.
  for (const end of ends) end.destroy();
  child.on('error', (error) => fail(id, error));
  child.on('exit', (status) => {
    programs.delete(id);
    report({ kind: 'exit', id, status });
  });
  if (programs.get(id) === 'unwanted') child.kill('SIGKILL');
  programs.set(id, child);
}

/** Connects without reading: the data is for the program. */
async function connect(address: string, greeting: string): Promise<Socket> {
  const socket = new Socket();
  socket.pause();
  socket.connect(address);
  await once(socket, 'connect');
  await new Promise<void>((resolve, reject) => {
    socket.write(greeting, (error) => (error ? reject(error) : resolve()));
  });
  return socket;
}
