import { expect, test } from 'vitest';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, status, until } from './harness.ts';

/** A check that has been red for long, and says one thing more where an agent leaves `bad.txt`. */
const CHECK = `#!/bin/sh
echo "ran in $(date +%N) ms"
echo 'FAIL old_test'
for bad in */bad.txt; do [ -e "$bad" ] && echo "FAIL new_test of $bad"; done
echo 'some tests failed'
exit 1
`;
const FILES = { 'a/one.txt': 'one\n', 'b/two.txt': 'two\n', 'check.sh': CHECK };

test('a check that was accepted as red on the base holds no agent while it is red in the same way, and is said to be', async () => {
  const told: string[] = [];
  const crew = await startCrew(({ task, turn, last, request }) => {
    if (task === 'plan')
      return planned(
        onePlan(
          { id: 'a', paths: ['a/**'], checks: ['sh check.sh', 'true'] },
          { id: 'b', paths: ['b/**'], checks: ['sh check.sh'] },
        ),
      );
    if (task === 'b' && turn > 1) told.push(last);
    if (task === 'b' && turn === 0) told.push(JSON.stringify(request.items));
    if (turn === 0) return shell(`echo new > ${task}/${task === 'b' ? 'bad' : 'new'}.txt`);
    return task === 'b' && turn === 2 ? shell('mv b/bad.txt b/good.txt') : finish();
  });
  const repository = await makeRepository(FILES);
  const handle = await crew.start({ repository, branch: 'red', checks: ['sh check.sh'] });
  await approve(handle, 'baseline@1');
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ id }) => id === 'delivery@1'));
  expect(needs).toMatchObject([
    { id: 'delivery@1', about: expect.stringContaining('0 of 1 checks green, 1 red in the same way as on the base') },
  ]);
  expect((await status(handle)).evidence.at(-1)).toMatch(/^red \(1, in the same way as on the base\) on tree /);
  // The agent that did break something heard of that, and of nothing else.
  const [first, ...later] = told;
  expect(first).toContain('Red on the base already');
  expect(later.join('\n')).toContain('New are:\nFAIL new_test of b/bad.txt');
  expect(later.join('\n')).not.toContain('FAIL old_test');
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({
    report: expect.stringContaining('ann accepted what is red on the base: sh check.sh'),
  });
  expect(await git(repository, 'diff', '--name-only', 'main', 'red')).toBe('a/new.txt\nb/good.txt');
});
