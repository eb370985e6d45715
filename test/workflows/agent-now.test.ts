/** What an agent does at this moment, in Temporal's pending activities and by the client. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { agentNow } from '../../src/client/agent-now.ts';
import { updates } from '../../src/workflows/messages.ts';
import { approve, makeRepository, onePlan, planned, shell, startCrew, temporal, until } from './harness.ts';

/** Its output is not a part of its own text. */
const COMMAND = String.raw`printf 'first\nl\151nking 2 of 7\rl\151nking 3 of 7\n\033[31mr\145d\n'; sleep 300`;

test('the running command and the words of the model are in describe and in no history', async () => {
  const said = { kind: 'assistant' as const, text: 'I look at the\nparser now' };
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell(COMMAND) : { fault: 'hang', items: [said] };
  });
  const handle = await crew.start({ repository: await makeRepository() });
  const agent = `${handle.workflowId}/a.1`;
  await approve(handle, 'plan@1');
  await until(handle, ({ agents = [] }) => agents.some(({ id }) => id === agent));
  const describe = () => temporal('workflow', 'describe', '--workflow-id', agent);
  await expect.poll(describe, { timeout: 240_000 }).toContain('linking 3 of 7');

  const { status, activity } = await agentNow(crew.client, agent);
  expect(status).toMatchObject({ id: agent, state: 'working', step: 1 });
  expect(activity).toMatchObject({
    type: 'act',
    attempt: 1,
    live: { stage: 'command', command: COMMAND, limitMs: 600_000, bytes: 45, tail: 'first\nlinking 3 of 7\nred' },
  });
  const elapsedMs = activity?.live?.elapsedMs ?? 0;
  await wait(1500);
  const later = (await agentNow(crew.client, agent)).activity?.live?.elapsedMs ?? 0;
  expect(later - elapsedMs).toBeGreaterThan(1000);

  await crew.client.workflow
    .getHandle(agent)
    .executeUpdate(updates.steer, { args: [{ text: 'stop that', interrupt: true, by: 'ann' }] });
  await expect.poll(describe, { timeout: 240_000 }).toContain('parser now');
  expect((await agentNow(crew.client, agent)).activity).toMatchObject({
    type: 'think',
    live: { stage: 'model', bytes: 24, tail: 'I look at the\nparser now' },
  });
  await handle.executeUpdate(updates.stop, { args: [{ by: 'ann' }] });
  await handle.result();
  const history = JSON.stringify(await crew.client.workflow.getHandle(agent).fetchHistory());
  for (const text of ['linking 3', 'parser now'].flatMap((word) => [word, Buffer.from(word).toString('base64')]))
    expect(history).not.toContain(text);
  expect((await agentNow(crew.client, agent)).activity).toBeNull();
});
