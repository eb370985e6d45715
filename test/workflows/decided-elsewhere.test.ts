/** An open prompt whose decision somebody else makes says so, and what comes next is asked. */
import { expect, test, vi } from 'vitest';
import type { Decide } from '../../src/cli/person/ask-person.ts';
import { supervise } from '../../src/cli/person/supervise.ts';
import { updates } from '../../src/workflows/messages.ts';
import { ask, finish, makeRepository, onePlan, planned, shell, startCrew } from './harness.ts';

const WAIT = { timeout: 120_000, interval: 100 };

test('a prompt goes away once its decision is made elsewhere, of a refactor as of an agent', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return ask('which name?');
    return turn === 1 ? shell('mkdir -p a && echo river > a/name') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository() });
  const said: string[] = [];
  const asked: string[] = [];
  // Somebody who never presses a key.
  const decide: Decide = async ({ id }, _, over) => {
    asked.push(id);
    return await new Promise((resolve) => over?.addEventListener('abort', () => resolve(undefined)));
  };
  const elsewhere = (): string[] => said.filter((line) => line.includes('elsewhere')).map((line) => line.trim());
  const { client } = crew;
  const watching = supervise({ client, id: handle.workflowId, by: 'bob', say: (line) => said.push(line), decide });
  // A test that fails before it awaits the watching fails by its own reason.
  watching.catch(() => undefined);
  await vi.waitFor(() => expect(asked).toEqual(['plan@1']), WAIT);
  await handle.executeUpdate(updates.approve, { args: [{ decision: 'plan@1', by: 'ann' }] });
  await vi.waitFor(() => expect(asked).toEqual(['plan@1', 'a/question@1']), WAIT);
  await handle.executeUpdate(updates.answer, { args: [{ text: 'river', by: 'carl' }] });
  await vi.waitFor(() => expect(elsewhere()).toHaveLength(2), WAIT);
  expect(elsewhere()).toEqual(['decided elsewhere: approved by ann', 'decided elsewhere: answered by carl']);
  // The delivery is asked for too: until somebody decides it, the run can be stopped.
  await vi.waitFor(() => expect(asked).toHaveLength(3), WAIT);
  await handle.executeUpdate(updates.stop, { args: [{}] });
  expect(await watching).toMatchObject({ state: 'stopped' });
});
