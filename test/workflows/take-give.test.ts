/** A person takes an agent's files as a worktree of theirs, and gives their commits back: by two commands. */
import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { updates } from '../../src/workflows/messages.ts';
import { approve, ask, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { runCoxIn } from './run-cox.ts';

test('the worktree has the agent’s files, and the agent goes on from the commit that is given back', async () => {
  let heard = '';
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return shell('echo agent > a/agent.txt');
    if (turn === 1) return ask('look?');
    heard = request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])).join('\n');
    return turn === 2 ? shell('cat a/person.txt >> a/agent.txt') : finish();
  });
  const repository = await realpath(await makeRepository());
  const handle = await crew.start({ repository, branch: 'given' });
  const id = handle.workflowId;
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));

  expect(await runCoxIn(crew, crew.stateDir, 'take', id, 'a')).toMatch(
    /^1: cox: this folder is not a working copy of .* that has its commit [0-9a-f]{10}: change to one, and try again\n$/,
  );
  const taken = await runCoxIn(crew, repository, 'take', id);
  const folder = `${repository}-a.1`;
  expect(taken).toMatch(/^0: /);
  expect(taken).toContain(`Its files are in ${folder}, on the branch cox/${id}/a.1-`);
  expect(await readFile(join(folder, 'a/agent.txt'), 'utf8')).toBe('agent\n');

  const give = async (): Promise<string> => await runCoxIn(crew, folder, 'give', id, 'a.1');
  expect(await give()).toBe(`1: cox: there is no commit of yours here: ${id}/a.1 is at it already\n`);
  await writeFile(join(folder, 'a/person.txt'), 'person\n');
  expect(await give()).toBe('1: cox: commit your changes first; git status says:\n?? a/person.txt\n');
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '-m', 'by hand');
  expect(await give()).toMatch(/^0: applied: resumed from [0-9a-f]{10}\n$/);

  await handle.executeUpdate(updates.answer, { args: [{ text: 'yes', by: 'ann' }] });
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'delivery'));
  expect(heard).toContain('a/person.txt');
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'show', 'given:a/agent.txt')).toBe('agent\nperson');
  expect(await git(repository, 'log', '--format=%s', 'main..given')).toContain('by hand');
});
