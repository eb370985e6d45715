/** A branch that can't be made: found at the start, and where it shows only at the end, a person gives another one. */
import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Script } from './harness.ts';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { updates } from '../../src/workflows/messages.ts';

const ONE_TASK: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

test('a branch below, above, or as another one but for case is refused before any model is asked', async () => {
  const crew = await startCrew(ONE_TASK);
  const cases: [there: string, wanted: string | undefined, words: string][] = [
    ['coxswain', undefined, '"coxswain" exists, and git keeps no branch below a branch'],
    ['feature/x', 'feature', '"feature/x" exists, and git keeps no branch above a branch'],
    ['Feature/X', 'feature/x', '"Feature/X" exists and differs only in case'],
    ['Team', 'team/x', '"Team" exists, and git keeps no branch below a branch'],
  ];
  for (const [there, branch, words] of cases) {
    const repository = await makeRepository();
    await git(repository, 'branch', there);
    const handle = await crew.start({ repository, ...(branch === undefined ? {} : { branch }) });
    const error: unknown = await handle.result().catch((failure: unknown) => failure);
    const said = error instanceof WorkflowFailedError ? error.cause?.message : String(error);
    expect(said).toContain(`${words}; name another one by "branch"`);
  }
  expect(crew.model.requests).toEqual([]);
});

test('a person gives a held refactor another branch by resume: the delivery is asked for again, and made as that', async () => {
  const crew = await startCrew(ONE_TASK);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'late/x' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'));
  await git(repository, 'branch', 'late');
  await approve(handle, 'delivery@1');
  const held = await until(handle, ({ hold }) => hold !== null);
  expect(held.hold).toContain(`cox resume ${handle.workflowId} --branch <name>`);
  const resume = async (branch: string): Promise<unknown> =>
    await handle.executeUpdate(updates.resume, { args: [{ branch, by: 'ann' }] });
  expect(await resume('no..name')).toMatchObject({ kind: 'refused' });
  expect(await resume('other')).toMatchObject({ kind: 'applied' });
  const open = await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@2'));
  expect(open.needs.find(({ id }) => id === 'delivery@2')?.about).toContain('as branch other');
  expect(await git(repository, 'branch', '--format=%(refname:short)')).toBe('late\nmain');
  // Named once more while it is open, it is asked for once more.
  expect(await resume('third')).toMatchObject({ kind: 'applied', detail: 'it delivers branch third' });
  await approve(handle, 'delivery@3');
  expect(await handle.result()).toMatchObject({ outcome: 'done', branch: 'third' });
  expect(await git(repository, 'show', 'third:a/new.txt')).toBe('new');
  expect(await git(repository, 'branch', '--format=%(refname:short)')).toBe('late\nmain\nthird');
});
