import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { ResponsesServer } from '../../src/offline/server/responses-server.ts';
import { signals } from '../../src/workflows/messages.ts';
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

const BACKGROUND = { policy: { model: { background: true } } };
/** The agent's first response is slow. */
const SLOW: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? { items: shell('echo new > a/new.txt'), delayMs: 20_000 } : finish();
};

const keptBy = (crew: Crew): (string | undefined)[] =>
  [...(crew.model as ResponsesServer).kept.values()].map(({ response }) => response.status);

test('after a worker is killed during a background response, another fetches it, and it is paid once', async () => {
  const crew = await startCrew(SLOW);
  await crew.worker.stop();
  const repository = await makeRepository();
  const first = await startWorkerProcess(crew);
  const handle = await crew.start({ repository, branch: 'once', ...BACKGROUND });
  await approve(handle, 'plan@1');
  await expect.poll(() => crew.model.requests.length, { timeout: 240_000 }).toBe(2);
  // Temporal has the response's id after the next heartbeat, within a second or two.
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const heartbeat = async (): Promise<string> => {
    const { pendingActivities } = (await agent.describe()).raw;
    return Buffer.from(pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data ?? '').toString();
  };
  await expect.poll(heartbeat).toContain('resp_');
  expect(keptBy(crew)).toEqual(['completed', 'in_progress']);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await startWorkerProcess(crew);
  await approve(handle, 'delivery@1', 120_000);
  await handle.result();
  expect(await git(repository, 'show', 'once:a/new.txt')).toBe('new');
  // One response for the planner and two for the agent; no other was asked for.
  expect(crew.model.requests.length).toBe(3);
  expect(keptBy(crew)).toEqual(['completed', 'completed', 'completed']);
});

test('a stopped agent cancels its response at the provider; a drained worker leaves it to the next', async () => {
  const crew = await startCrew((turn) => (turn.task === 'plan' ? SLOW(turn) : { fault: 'hang' }));
  const handle = await crew.start({ repository: await makeRepository(), ...BACKGROUND });
  await approve(handle, 'plan@1');
  await expect.poll(() => keptBy(crew), { timeout: 240_000 }).toEqual(['completed', 'in_progress']);
  await until(handle, ({ tasks }) => tasks.some(({ status }) => status === 'working'));
  await crew.restartWorker();
  expect(keptBy(crew)).toEqual(['completed', 'in_progress']);
  // Wait until the next worker fetches the response: between two attempts no worker could cancel it.
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const STARTED = 2;
  const states = async () => (await agent.describe()).raw.pendingActivities?.map(({ state }) => state);
  await expect.poll(states, { timeout: 240_000 }).toEqual([STARTED]);
  await handle.signal(signals.stop, 'enough');
  await expect.poll(() => keptBy(crew), { timeout: 240_000 }).toEqual(['completed', 'cancelled']);
  await handle.result();
  expect(crew.model.requests.length).toBe(2);
});
