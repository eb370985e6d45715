/**
 * A whole Coxswain for a test: real worker, real git repository, a scripted model behind real HTTP, on the shared
 * server.
 * Rule: nothing is faked but the model's answers, and a test says them itself.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { inject, onTestFinished } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { readConfig } from '../../src/config.ts';
import type { StartInput } from '../../src/core/decisions/messages.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import type { Item } from '../../src/core/transcript.ts';
import type { RefactorStatus } from '../../src/core/views/status.ts';
import type { ParsedRequest, ResponsesServer, ServerReply } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import { startOfflineModel } from '../../src/offline/model/offline-model.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { quietRuntime, startWorker } from '../../src/worker.ts';
import { refactorQueries, updates } from '../../src/workflows/messages.ts';

quietRuntime();

/** What the scripted model is asked: which task, and how many results it has seen. */
export interface Turn {
  task: string;
  turn: number;
  request: ParsedRequest;
  last: string;
}
export type Script = (turn: Turn) => ServerReply | Item[] | Promise<ServerReply | Item[]>;

/** One key for all: what is recorded of a test replays in another. */
export const TEST_KEY = fileURLToPath(new URL('../seal/test-key.json', import.meta.url));

type Scripted = Pick<ResponsesServer, 'url' | 'requests' | 'close'>;

export interface CrewOptions {
  address?: string;
  env?: Record<string, string>;
}

export interface Crew {
  client: Client;
  taskQueue: string;
  stateDir: string;
  model: Scripted;
  worker: RunningWorker;
  restartWorker(): Promise<void>;
  /** One more worker, of a host with a state folder of its own. */
  startBeside(more: Record<string, string>): Promise<RunningWorker>;
  start(input: Partial<StartInput> & { repository: string }): Promise<WorkflowHandle>;
  /** The same by the plain `temporal` program. */
  startByProgram(input: Partial<StartInput> & { repository: string }): Promise<WorkflowHandle>;
}

export function call(tool: string, values: object, callId = `call_${randomUUID().slice(0, 8)}`): Item {
  return { kind: 'call', callId, tool, arguments: JSON.stringify(values) };
}

export const shell = (command: string): Item[] => [call('shell', { command })];
export const finish = (summary = 'done'): Item[] => [call('finish', { summary })];
export const ask = (question: string): Item[] => [call('ask', { question })];
export const planned = (plan: unknown): Item[] => [call('finish', { plan })];

export function onePlan(
  ...tasks: {
    id: string;
    paths: string[];
    checks?: string[];
    dependsOn?: string[];
    maxSteps?: number;
    maxTokens?: number;
  }[]
): Plan {
  return {
    summary: 'the plan',
    tasks: tasks.map((task) => ({ title: `Do ${task.id}`, instructions: `Work on ${task.id}`, ...task })),
  } as Plan;
}

/** A model whose answers are the script's. */
async function startScriptedModel(script: Script): Promise<ResponsesServer> {
  return await startResponsesServer({
    answer: async (request) => {
      const text = request.items.find((item) => item.kind === 'user')?.text ?? '';
      const task = /^Task: (.*)$/m.exec(text)?.[1] ?? '';
      const results = request.items.filter((item) => item.kind === 'result');
      const answer = await script({ task, turn: results.length, request, last: results.at(-1)?.output ?? '' });
      return Array.isArray(answer) ? { items: answer } : answer;
    },
  });
}

/** Starts everything for one test and stops it when the test ends. */
export async function startCrew(
  script: Script | 'offline',
  { address = inject('temporalAddress'), env = {} }: CrewOptions = {},
): Promise<Crew> {
  const stateDir = await mkdtemp(join(tmpdir(), 'coxswain-test-'));
  const taskQueue = `test-${randomUUID().slice(0, 8)}`;
  const model =
    script === 'offline' ? { ...(await startOfflineModel()), requests: [] } : await startScriptedModel(script);
  const modelName = script === 'offline' ? 'coxswain-offline' : 'scripted';
  const begin = async (folder = stateDir, more: Record<string, string> = {}): Promise<RunningWorker> => {
    const own = { COXSWAIN_STATE: folder, COXSWAIN_TASK_QUEUE: taskQueue };
    const models = { OPENAI_BASE_URL: model.url, COXSWAIN_MODEL: modelName };
    return await startWorker(readConfig({ COXSWAIN_SEAL: TEST_KEY, ...env, ...own, ...models, ...more }, folder), {
      address,
      namespace: 'default',
      model: { name: modelName, apiKey: 'none', baseUrl: model.url },
      defaultRoots: ['/'],
    });
  };
  const connected = await connectClient({ address, namespace: 'default' });
  const { client } = connected;
  const crew: Crew = {
    client,
    taskQueue,
    stateDir,
    model,
    worker: await begin(),
    restartWorker: async () => {
      await crew.worker.stop();
      crew.worker = await begin();
    },
    startBeside: async (more) => {
      const folder = await mkdtemp(join(tmpdir(), 'coxswain-beside-'));
      const worker = await begin(folder, more);
      onTestFinished(async () => {
        await worker.stop();
        await rm(folder, { recursive: true, force: true });
      });
      return worker;
    },
    start: (input) =>
      client.workflow.start('refactor', {
        taskQueue,
        workflowId: `test-${randomUUID().slice(0, 8)}`,
        args: [{ goal: 'do it', ...input }],
      }),
    startByProgram: async (input) => {
      const workflowId = `test-${randomUUID().slice(0, 8)}`;
      const place = ['--type', 'refactor', '--task-queue', taskQueue, '--workflow-id', workflowId];
      await temporal('workflow', 'start', ...place, '--input', JSON.stringify({ goal: 'do it', ...input }));
      return client.workflow.getHandle(workflowId);
    },
  };
  onTestFinished(async () => {
    await crew.worker.stop();
    await connected.close();
    await model.close();
    await rm(stateDir, { recursive: true, force: true });
  });
  return crew;
}

export type Files = Record<string, string>;

/** A git repository with one commit of these files, removed when the test ends. */
export async function makeRepository(
  files: Files = { 'a/one.txt': 'one\n', 'b/two.txt': 'two\n', 'README.md': 'read\n' },
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'coxswain-repo-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  await git(dir, 'init', '-q', '-b', 'main');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '--allow-empty', '-m', 'first');
  return dir;
}

const IDENTITY = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@t' };

/** Runs git and gives its output. */
export async function git(dir: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', args, { cwd: dir, env: IDENTITY });
  return stdout;
}

/** Runs the `temporal` program against the shared server and gives its output. */
export async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await execa(inject('temporalPath'), [...args, '--address', inject('temporalAddress')]);
  return stdout;
}

export async function status(handle: WorkflowHandle): Promise<RefactorStatus> {
  return await handle.query(refactorQueries.status);
}

/** Waits until a condition on the status holds; says the last status when it never does. */
export async function until(
  handle: WorkflowHandle,
  condition: (status: RefactorStatus) => boolean,
  timeoutMs = 240_000,
): Promise<RefactorStatus> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const now = await status(handle);
    if (condition(now)) return now;
    if (Date.now() > deadline) throw new Error(`never came to be; the last status: ${JSON.stringify(now, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Approves one decision when it is open. */
export async function approve(handle: WorkflowHandle, decision: string, timeoutMs?: number): Promise<void> {
  await until(handle, ({ needs }) => needs.some(({ id }) => id === decision), timeoutMs);
  await handle.executeUpdate(updates.approve, { args: [{ decision, by: 'ann' }] });
}

/** Approves plan and delivery, and gives the result. */
export async function approveAll(handle: WorkflowHandle): Promise<RefactorResult> {
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1');
  return (await handle.result()) as RefactorResult;
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
