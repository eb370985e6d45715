/**
 * Makes the environment of a case: repositories, keys, and a `cox up` of the tree under test as a process.
 * Rule: every process and folder belongs to one case and is removed after it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { execa } from 'execa';
import type { ResponsesServer } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import { findTemporal } from '../../src/stack/find-temporal.ts';
import type { Ground, Ran, Script, Stack, StackOptions } from './case.ts';

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 20_000;
const FILES = { 'a/one.txt': 'one\n', 'b/two.txt': 'two\n', 'README.md': 'read\n' };
const IDENTITY = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@t' };

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

export interface OpenGround extends Ground {
  close(): Promise<void>;
}

export async function openGround(tree: string): Promise<OpenGround> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-ground-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  let made = 0;
  const next = (name: string): string => join(folder, `${name}-${(made += 1)}`);
  return {
    folder,
    tree,
    stack: (options = {}) => startStack({ tree, folder: next('stack'), options, closers }),
    repository: (files = FILES) => makeRepository(next('repository'), files),
    git,
    key: async (who) => {
      const file = join(folder, `key-${who}`);
      if (!existsSync(file)) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', who, '-f', file]);
      return file;
    },
    load: async (module) => (await import(pathToFileURL(join(tree, module)).href)) as Record<string, any>,
    close: async () => {
      for (const close of closers.toReversed()) await close();
    },
  };
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', args, { cwd: folder, env: IDENTITY });
  return stdout;
}

async function makeRepository(folder: string, files: Record<string, string>): Promise<string> {
  await mkdir(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await git(folder, 'init', '-q', '-b', 'main');
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '--allow-empty', '-m', 'first');
  return folder;
}

interface Asked {
  tree: string;
  folder: string;
  options: StackOptions;
  closers: (() => Promise<unknown>)[];
}

async function startStack({ tree, folder, options, closers }: Asked): Promise<Stack> {
  await mkdir(folder);
  const stateDir = join(folder, 'state');
  const model = options.script ? await startScripted(options.script) : undefined;
  if (model) closers.push(() => model.close());
  const env = { ...environment(stateDir, model?.url), ...(await writePolicies(folder, options)), ...options.env };
  const child = spawn(process.execPath, [join(tree, 'src', 'cli.ts'), 'up'], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? 0;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  closers.push(async () => {
    child.kill('SIGTERM');
    await Promise.race([ended, wait(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
  });
  const address = await readAddress(stateDir, () => {
    if (child.exitCode !== null) throw new Error(`cox up ended: ${output.slice(-2000)}`);
  });
  const connection = await Connection.connect({ address });
  closers.push(() => connection.close());
  const program = await findTemporal({ cacheDir: cacheDir(), searchPath: process.env['PATH'] ?? '' });
  if (program.kind === 'missing') throw new Error(program.remedy);
  return {
    address,
    stateDir,
    taskQueue: 'coxswain',
    client: new Client({ connection }),
    pid,
    requests: () => model?.requests ?? [],
    cox: (...args) => ran(process.execPath, [join(tree, 'src', 'cli.ts'), ...args], folder, env),
    temporal: (...args) => ran(program.path, [...args, '--address', address], folder, env),
    foreignWorker: () => startForeignWorker(address, closers),
  };
}

/** This process's environment, without variables that configure Coxswain. */
function environment(stateDir: string, modelUrl: string | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(COXSWAIN_|TEMPORAL_|OPENAI_)/.test(name));
  return {
    ...Object.fromEntries(own),
    XDG_CACHE_HOME: dirname(cacheDir()),
    COXSWAIN_STATE: stateDir,
    ...(modelUrl ? { OPENAI_BASE_URL: modelUrl, COXSWAIN_MODEL: 'scripted' } : {}),
  };
}

function cacheDir(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coxswain');
}

async function writePolicies(folder: string, { policies }: StackOptions): Promise<Record<string, string>> {
  if (!policies) return {};
  const place = join(folder, 'policies');
  for (const [path, text] of Object.entries(policies)) {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  }
  return { COXSWAIN_POLICIES: place };
}

async function startScripted(script: Script): Promise<ResponsesServer> {
  return await startResponsesServer({
    answer: async (request) => {
      const text = request.items.find((item) => item.kind === 'user')?.text ?? '';
      const task = /^Task: (.*)$/m.exec(text)?.[1] ?? '';
      const results = request.items.filter((item) => item.kind === 'result');
      return await script({ task, turn: results.length, request, last: results.at(-1)?.output ?? '' });
    },
  });
}

async function readAddress(stateDir: string, check: () => void): Promise<string> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await wait(100)) {
    check();
    const text = await readFile(join(stateDir, 'stack.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { address: string }).address;
  }
  throw new Error('cox up never came up');
}

async function ran(file: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const options = { cwd, env, extendEnv: false, reject: false, all: true, timeout: 120_000, stdin: 'ignore' } as const;
  const { exitCode, all } = await execa(file, args, options);
  return { exitCode: exitCode ?? -1, output: all };
}

async function startForeignWorker(address: string, closers: Asked['closers']): Promise<string> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./foreign-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const connection = await NativeConnection.connect({ address });
  const taskQueue = 'foreign';
  const worker = await Worker.create({ connection, taskQueue, workflowBundle: await bundle });
  const running = worker.run();
  closers.push(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
  return taskQueue;
}
