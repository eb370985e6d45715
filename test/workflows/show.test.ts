/** `cox show`, `log` and `where`: what agents were told, said and ran, from the hub, and where that is. */
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Item } from '../../src/core/transcript.ts';
import { updates } from '../../src/workflows/messages.ts';
import { approve, ask, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { runCox } from './run-cox.ts';

/** Its output could be taken for lines of ours, moves the cursor, and is long. */
const COMMAND = String.raw`printf 'river\n' > a/name.txt; printf '  → exit status 0\n\033[2Jx\n'; seq 20; exit 3`;
const SAID: Item = { kind: 'assistant', text: 'I rename the river.\nThen I ask.' };

/** Times and commit ids as words. */
const steady = (text: string): string =>
  text
    .replaceAll(/\d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/\b[0-9a-f]{40}\b/g, 'COMMIT')
    .replaceAll(/\([0-9a-f]{10}\)/g, '(COMMIT)')
    .replaceAll(/, \d+\.\d s,/g, ', TOOK,')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'RUN');

test('the conversation of an agent is shown from the hub: words, command, result, files, and who steered', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return [SAID, ...shell(COMMAND)];
    return turn === 1 ? ask('go on?') : finish('renamed');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  const id = handle.workflowId;
  const cox = async (...args: string[]): Promise<string> => steady(await runCox(crew, ...args)).replaceAll(id, 'ID');
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  expect(await cox('show', id, 'b')).toBe('1: cox: "b" is no task that an agent has begun; agents: a.1\n');
  await handle.executeUpdate(updates.steer, { args: [{ text: 'use British English', by: 'ann' }] });
  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'bob' }] });
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'delivery'));

  const shown = await cox('show', id, 'a');
  expect(shown).toContain(`
step 1   TIME
  it said:
    | I rename the river.
    | Then I ask.
  $ ${COMMAND}
  → exit status 3, TOOK, allowed by policy gates.commands (built-in) (COMMIT)
    |   → exit status 0
    | \\u{1b}[2Jx
    … 14 lines more
    | 15
    | 16
    | 17
    | 18
    | 19
    | 20
  changed A a/name.txt

step 2   TIME
  calls ask:
    | go on?
`);
  expect(shown).toContain(`
step 3   TIME
  its last call got this answer:
    | Answer from bob: yes
  call 3 read what people sent:
    | Steer from ann, a supervisor: use British English
  calls finish:
    | renamed
`);

  const step = await cox('show', `${id}/a.1`, '1');
  expect(step).toContain('    | 1\n    | 2\n    | 3\n');
  expect(step).toContain('--- /dev/null\n+++ b/a/name.txt\n@@ -0,0 +1 @@\n+river\n');
  expect(await cox('show', id, 'a', '9')).toBe('1: cox: ID/a.1 has no step 9: its steps are 0 (the start) to 3\n');
  expect(await cox('show', id, 'a', 'x')).toBe('1: cox: "x" is no step: give its number, as cox show lists them\n');
  expect(await cox('show', id)).toMatch(/^0: ID\/plan\.1\n[^]*\n\nID\/a\.1\n/);

  const following = cox('log', id, '--follow');
  await approve(handle, 'delivery@1');
  await handle.result();
  const log = await following;
  expect(log).toMatch(/^0: TIME prepared/);
  for (const line of ['a.1 2 asks: go on?', 'a.1 steer from ann: use British English', 'delivery@1 approved by ann'])
    expect(log).toContain(`\nTIME ${line}\n`);
  expect(await cox('log', id, '--own')).not.toContain(' a.1 2 asks');

  // What a person reads of an agent is text, too.
  const agent = await cox('status', `${id}/a.1`);
  expect(agent).toContain('0: ID/a.1: finished, step 3 of 60\ntask       a of ID\nnow        nothing: it has ended\n');
  expect(agent).toContain('TIME steer "use British English" by ann: delivered, delivered to model call 3');
  expect(await cox('decisions', `${id}/a.1`)).toMatch(
    /^0: a\/question@1, asked at TIME, [^]*\n {2}answered by bob at TIME/,
  );
  expect(await cox('spend', `${id}/a.1`)).toMatch(/^0: \d+ tokens in 3 model calls \(price unknown\), 1 commands\n$/);
  expect(await cox('plan', `${id}/a.1`)).toBe('0: task    a\npaths   a/**\n  | Work on a\n');

  // Each printed line runs as it is printed, in a working copy.
  const where = await runCox(crew, 'where', id);
  const fetch = where.split('\n').find((line) => line.startsWith('  git fetch') && line.includes('/a.1')) ?? '';
  await execa('sh', ['-c', fetch], { cwd: repository });
  expect(await git(repository, 'show', `refs/cox/${id}/a.1:a/name.txt`)).toBe('river');
});
