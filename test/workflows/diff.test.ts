/** `cox diff` before anything is delivered: the bytes in the hub, of an agent and of what is integrated. */
import { expect, test } from 'vitest';
import { supervise } from '../../src/cli/person/supervise.ts';
import { readConfig } from '../../src/config.ts';
import { updates } from '../../src/workflows/messages.ts';
import { approve, ask, finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { runCox } from './run-cox.ts';

const AGENT = `diff --git a/a/name.txt b/a/name.txt
new file mode 100644
index 0000000..dd41ecd
--- /dev/null
+++ b/a/name.txt
@@ -0,0 +1,2 @@
+river
+sea
`;

test('an agent and a refactor are shown by the bytes that they changed, before and at the delivery gate', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return shell(String.raw`mkdir -p a && printf 'river\nsea\n' > a/name.txt`);
    return turn === 1 ? ask('go on?') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository() });
  const id = handle.workflowId;
  const cox = async (...args: string[]): Promise<string> => await runCox(crew, ...args);
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  expect(await cox('diff', id, 'a')).toBe(`0: ${AGENT}`);
  expect(await cox('diff', `${id}/a.1`)).toBe(`0: ${AGENT}`);
  expect(await cox('diff', id)).toBe(
    `1: cox: nothing is integrated yet: cox diff ${id} <task> shows what an agent has changed\n`,
  );
  expect(await cox('diff', id, 'b')).toBe('1: cox: "b" is no task that an agent has begun; agents: a.1\n');
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'delivery'));
  expect(await cox('diff', id)).toBe(`0: ${AGENT}`);
  expect(await cox('diff', '--stat', id)).toBe('0:  a/name.txt | 2 ++\n 1 file changed, 2 insertions(+)\n');

  // Who is asked to approve the delivery sees the statistics at once, and the difference by a key.
  const said: string[] = [];
  let isLooked = false;
  await supervise({
    client: crew.client,
    id,
    by: 'bob',
    say: (line) => said.push(line),
    hub: { ...readConfig({ COXSWAIN_STATE: crew.stateDir }), stateDir: crew.stateDir },
    decide: async ({ kind }, _, __, look) => {
      isLooked = kind === 'delivery' && look !== undefined;
      return await Promise.resolve({ update: updates.approve });
    },
  });
  expect(said.join('\n')).toContain('a/name.txt | 2 ++');
  expect(isLooked).toBe(true);
});
