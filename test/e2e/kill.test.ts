import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MAX_OUTPUT_TOKENS } from '../../src/core/agent/output-room.ts';
import { agentQueries } from '../../src/workflows/messages.ts';
import type { Crew, Script } from '../workflows/harness.ts';
import {
  approve,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  until,
} from '../workflows/harness.ts';
import { startWorkerProcess } from './start-worker-process.ts';

const STEPS = 5;
const HOUR_MS = 3_600_000;
/** Each command adds one line, the second one slowly, so a command that runs twice shows in the tree. */
const APPENDS: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn < STEPS
    ? shell(`echo ${turn} >> a/lines; sleep ${turn === 2 ? 3 : 0.1}; echo end ${turn} >> a/lines`)
    : finish();
};

/** A worker in a separate process; its clock may be wrong. */
async function startProcess(crew: Crew, clockOffMs = 0): Promise<ChildProcess> {
  return await startWorkerProcess(crew, {
    env: { CLOCK_OFF_MS: String(clockOffMs) },
    execArgv: ['--import', fileURLToPath(new URL('./shift-clock.mjs', import.meta.url))],
  });
}

test.each([
  ['a worker killed in the middle of a command: another goes on, and no step was done twice', 0, 0],
  ['the same with clocks that are an hour off, one ahead and the next behind', HOUR_MS, -HOUR_MS],
])(
  '%s',
  async (_, firstOffMs, secondOffMs) => {
    const crew = await startCrew(APPENDS);
    await crew.worker.stop();
    const repository = await makeRepository();
    const first = await startProcess(crew, firstOffMs);
    const handle = await crew.start({ repository, branch: 'killed' });
    await approve(handle, 'plan@1');
    const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
    // The third command sleeps for three seconds, so this kills it in the middle.
    await until(handle, ({ tasks }) => tasks.some(({ status }) => status === 'working'));
    for (let doing = ''; !doing.includes('echo 2 '); ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      doing = await agent.query(agentQueries.status).then(
        ({ doing: now }) => now ?? '',
        () => '',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
    first.kill('SIGKILL');
    await once(first, 'exit');
    await startProcess(crew, secondOffMs);
    await approve(handle, 'delivery@1', 120_000);
    await handle.result();
    const expected = Array.from({ length: STEPS }, (_, turn) => `${turn}\nend ${turn}`).join('\n');
    expect(await git(repository, 'show', 'killed:a/lines')).toBe(expected);
    // One response for each call of planner and agent: no stored response was asked for again.
    expect(crew.model.requests.length).toBe(1 + STEPS + 1);
  },
  600_000,
);

test('a worker killed while the model answers loses the response, which is charged at its full reservation', async () => {
  let isAsked = false;
  const crew = await startCrew(async ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return shell('echo new > a/new.txt');
    if (isAsked) return finish();
    isAsked = true;
    return await new Promise(() => undefined);
  });
  await crew.worker.stop();
  const first = await startProcess(crew);
  const handle = await crew.start({ repository: await makeRepository() });
  await approve(handle, 'plan@1');
  await expect.poll(() => isAsked).toBe(true);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await startProcess(crew);
  await approve(handle, 'delivery@1');
  await handle.result();
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { spend } = await agent.query(agentQueries.status);
  expect(spend).toMatchObject({ modelCalls: 3 });
  expect(spend.outputTokens).toBeGreaterThan(MAX_OUTPUT_TOKENS);
}, 600_000);
