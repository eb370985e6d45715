import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { Crew, Script } from '../workflows/harness.ts';
import {
  approve,
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  ROOT,
  shell,
  startCrew,
  until,
} from '../workflows/harness.ts';
import { updates } from '../../src/workflows/messages.ts';

const SCRIPT: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (turn === 1) return ask('go on?');
  return turn < 4 ? shell(`echo ${turn} >> a/lines`) : finish();
};

/** The commands of the recipe in the operations guide, in order. */
async function readRecipe(deployment: string): Promise<string[]> {
  const doc = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const block = /<!-- versioning:begin -->\n```sh\n([^]*?)```\n<!-- versioning:end -->/.exec(doc)?.[1] ?? '';
  const commands = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // The server is shared, so this test has its own deployment.
  return commands.map((line) =>
    line
      .replaceAll('coxswain:', `${deployment}:`)
      .replaceAll('--deployment-name coxswain', `--deployment-name ${deployment}`)
      .replace('COXSWAIN_DEPLOYMENT=coxswain', `COXSWAIN_DEPLOYMENT=${deployment}`),
  );
}

/** A shell with `cox` and `temporal` as an operator has them. */
async function openShell(crew: Crew): Promise<{
  run: (command: string) => Promise<string>;
  keep: (command: string) => Promise<{ end: () => Promise<void> }>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-shell-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const cox = join(folder, 'cox');
  await writeFile(cox, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli.ts')}' "$@"\n`);
  await chmod(cox, 0o755);
  await mkdir(join(folder, 'state'));
  const env = {
    ...process.env,
    PATH: `${folder}:${dirname(inject('temporalPath'))}:${process.env['PATH'] ?? ''}`,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    COXSWAIN_STATE: join(folder, 'state'),
    COXSWAIN_HUB: join(crew.stateDir, 'hub', '{repository}.git'),
    COXSWAIN_ROOTS: '/',
    COXSWAIN_TASK_QUEUE: crew.taskQueue,
    OPENAI_BASE_URL: crew.model.url,
    COXSWAIN_MODEL: 'scripted',
  };
  const run = async (command: string): Promise<string> => {
    const { stdout, stderr } = await execa('sh', ['-c', command], { env });
    return `${stdout}\n${stderr}`;
  };
  const keep = async (command: string): Promise<{ end: () => Promise<void> }> => {
    const child = spawn('sh', ['-c', `exec env ${command}`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 240_000 }).toContain('working on');
    const end = async (): Promise<void> => {
      child.kill('SIGTERM');
      await exited;
    };
    return { end };
  };
  return { run, keep };
}

/** The version to which a run is pinned now. */
async function buildOf(handle: WorkflowHandle): Promise<string | null | undefined> {
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

async function untilBuild(handles: WorkflowHandle[], build: string): Promise<void> {
  for (const handle of handles)
    await expect.poll(async () => await buildOf(handle), { timeout: 240_000, interval: 200 }).toBe(build);
}

async function startAsking(crew: Crew, repository: string, branch: string): Promise<WorkflowHandle[]> {
  const handle = await crew.start({ repository, branch });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  return [handle, crew.client.workflow.getHandle(`${handle.workflowId}/a.1`)];
}

async function endAsking([handle]: WorkflowHandle[]): Promise<void> {
  await handle?.executeUpdate(updates.answer, { args: ['yes'] });
  if (handle) await approve(handle, 'delivery@1');
  await handle?.result();
}

test('a run begun on one version ends on the next and the way back is open, by the commands of the operations guide', async () => {
  const crew = await startCrew(SCRIPT);
  await crew.worker.stop();
  const deployment = `test-${randomUUID().slice(0, 8)}`;
  const [workOld, currentOld, workNew, currentNew, wakeOld, countOld, describeOld, back, wakeNew, ...rest] =
    (await readRecipe(deployment)) as [string, string, string, string, string, string, string, string, string];
  expect(rest).toEqual([]);
  const { run, keep } = await openShell(crew);
  const doctor = workOld.replace('cox worker', 'cox doctor || true');
  expect(await run(doctor)).toContain(`deployment ${deployment} has no current version, so nothing runs`);

  const old = await keep(workOld);
  await run(currentOld);
  expect(await run(doctor)).not.toContain('has no current version');
  const repository = await makeRepository();
  const first = await startAsking(crew, repository, 'first');
  await untilBuild(first, 'v1');
  await expect.poll(async () => await run(countOld), { timeout: 240_000 }).toMatch(/Total: 2\b/);

  await keep(workNew);
  await run(currentNew);
  // Both runs wait for a person. A run moves to the new version when it is woken.
  await run(wakeOld);
  await untilBuild(first, 'v2');
  await expect.poll(async () => await run(countOld), { timeout: 240_000 }).toMatch(/Total: 0\b/);
  expect(await run(describeOld)).toMatch(/drain/i);
  const second = await startAsking(crew, repository, 'second');
  await untilBuild(second, 'v2');
  // No run needs the old version any more.
  await old.end();
  await endAsking(first);
  expect(await git(repository, 'show', 'first:a/lines')).toBe('0\n2\n3');
  await untilBuild(first, 'v2');

  await keep(workOld);
  await run(back);
  await run(wakeNew);
  await untilBuild(second, 'v1');
  await endAsking(second);
  expect(await git(repository, 'show', 'second:a/lines')).toBe('0\n2\n3');
  // No step was done twice: for each of the two, the planner's step, the agent's three commands, question and end.
  expect(crew.model.requests.length).toBe(2 * (1 + 5));
});
