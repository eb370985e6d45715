import { expect, test } from 'vitest';
import { approveAll, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { updates } from '../../src/workflows/messages.ts';

/** Says its cause, then much that is of no use, then its end. */
const FAILING = "echo 'cause: no compiler'; seq 1 4000; echo 'end of the log'; exit 3";

test('a setup that fails holds with head and tail of its output, and goes on with another one', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell('cat made-by-setup > a/new.txt') : finish();
  });
  const repository = await makeRepository({ 'a/one.txt': 'one\n', '.gitignore': 'made-by-setup\n' });
  const handle = await crew.start({ repository, setup: FAILING, branch: 'set-up' });
  const { hold } = await until(handle, (now) => now.hold !== null);
  expect(hold).toMatch(
    /ended with exit status 3[^]*cause: no compiler\n1\n2\n[^]* characters left out [^]*\n4000\nend of the log/,
  );
  expect(hold).toContain('cox resume <id> --setup');
  const resume = async (input: object): Promise<unknown> => handle.executeUpdate(updates.resume, { args: [input] });
  expect(await resume({ setup: 'echo \u202e', by: 'ann' })).toMatchObject({ kind: 'refused' });
  expect(await resume({ setup: 'echo ready > made-by-setup', by: 'ann' })).toMatchObject({ kind: 'applied' });
  await expect(approveAll(handle)).resolves.toMatchObject({ outcome: 'done' });
  expect(await git(repository, 'show', 'set-up:a/new.txt')).toBe('ready');
});
