import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { AgentStatus } from '../../src/core/views/status.ts';
import { agentQueries } from '../../src/workflows/messages.ts';
import type { Crew, Script } from '../workflows/harness.ts';
import {
  approve,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  ROOT,
  shell,
  startCrew,
} from '../workflows/harness.ts';

const STEPS = 5;
/** Each command adds a line, the third one slowly, so a command that runs twice shows in the tree. */
const APPENDS: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (turn >= STEPS) return finish();
  return shell(`echo ${turn} >> a/lines; sleep ${turn === 2 ? 12 : 0.1}; echo end ${turn} >> a/lines`);
};
const LINES = Array.from({ length: STEPS }, (_, turn) => `${turn}\nend ${turn}`).join('\n');

interface Host {
  name: string;
  stateDir: string;
  process: ChildProcess;
  output: () => string;
}

/** `cox worker` with its own state folder, which is what makes it a separate host; the hub is a git URL. */
async function startHost(crew: Crew, folder: string, name: string): Promise<Host> {
  const stateDir = join(folder, name);
  await mkdir(stateDir);
  const child = spawn(process.execPath, [join(ROOT, 'src/cli.ts'), 'worker'], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      COXSWAIN_STATE: stateDir,
      COXSWAIN_HUB: `file://${join(folder, 'hub.git')}`,
      COXSWAIN_ROOTS: '/',
      COXSWAIN_TASK_QUEUE: crew.taskQueue,
      OPENAI_BASE_URL: crew.model.url,
      COXSWAIN_MODEL: 'scripted',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  while (!output.includes('working on')) {
    if (child.exitCode !== null) throw new Error(`the worker ended: ${output}`);
    await pause(50);
  }
  return {
    name: (await readFile(join(stateDir, 'host'), 'utf8')).trim(),
    stateDir,
    process: child,
    output: () => output,
  };
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Two hosts and a refactor whose agent is in the middle of its third command on one of them. */
async function startOnTwoHosts(): Promise<{
  crew: Crew;
  repository: string;
  handle: WorkflowHandle;
  agent: WorkflowHandle;
  busy: Host;
  other: Host;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-hosts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await git(folder, 'init', '--quiet', '--bare', 'hub.git');
  // All workers of a queue have the same hub; a worker with another hub does not start.
  const crew = await startCrew(APPENDS, { env: { COXSWAIN_HUB: `file://${join(folder, 'hub.git')}` } });
  await crew.worker.stop();
  const hosts = [await startHost(crew, folder, 'one'), await startHost(crew, folder, 'two')];
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'moved' });
  await approve(handle, 'plan@1');
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const status = async (): Promise<AgentStatus | undefined> =>
    await agent.query(agentQueries.status).catch(() => undefined);
  let now = await status();
  while (!now?.doing?.includes('echo 2 ')) {
    await pause(50);
    now = await status();
  }
  await pause(1000);
  const busy = hosts.find(({ name }) => name === now.host);
  const other = hosts.find((host) => host !== busy);
  if (!busy || !other) throw new Error(`no host is named ${now.host ?? 'nothing'}`);
  return { crew, repository, handle, agent, busy, other };
}

/** Checks that the run ended on the other host, in the tree of an undisturbed run, and asked for no response twice. */
async function expectWhole({ crew, repository, handle, agent, other }: Awaited<ReturnType<typeof startOnTwoHosts>>) {
  await approve(handle, 'delivery@1', 120_000);
  await handle.result();
  expect(await git(repository, 'show', 'moved:a/lines')).toBe(LINES);
  expect(crew.model.requests.length).toBe(1 + STEPS + 1);
  expect((await agent.query(agentQueries.status)).host).toBe(other.name);
}

test('a host destroyed with its whole disk state mid-run: the run ends on another in the same tree', async () => {
  const run = await startOnTwoHosts();
  run.busy.process.kill('SIGKILL');
  await once(run.busy.process, 'exit');
  await rm(run.busy.stateDir, { recursive: true, force: true });
  await expectWhole(run);
});

test('SIGTERM drains a host: its command is stopped, and its agent moves at once, without waiting for a heartbeat', async () => {
  const run = await startOnTwoHosts();
  run.busy.process.kill('SIGTERM');
  await once(run.busy.process, 'exit');
  expect(run.busy.process.exitCode).toBe(0);
  await expectWhole(run);
  const { events } = await run.agent.fetchHistory();
  const failures = (events ?? []).map((event) => event.activityTaskFailedEventAttributes?.failure);
  expect(failures.filter(Boolean).map((failure) => failure?.applicationFailureInfo?.type)).toEqual(['Drained']);
  expect((events ?? []).filter((event) => event.activityTaskTimedOutEventAttributes)).toEqual([]);
});
