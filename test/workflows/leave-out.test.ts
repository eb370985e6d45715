import { expect, test } from 'vitest';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

test('of what a call did named files are left out, and the rest is kept', async () => {
  const told: string[] = [];
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0)
      return shell('echo new > a/new.txt; echo out > b/out.txt; mkdir log; echo l > log/1.log; rm README.md');
    told.push(...request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])));
    if (turn === 1) return shell('ls log README.md b; echo more > a/more.txt');
    return finish();
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'left' });
  await approve(handle, 'plan@1');
  const { needs } = await until(handle, (now) => now.needs.some(({ kind }) => kind === 'scope'));
  const [decision] = needs.map(({ id }) => id);
  const by = 'ann';
  const refused = handle.executeUpdate('approve', { args: [{ decision, leaveOut: ['log/\u202e'], by }] });
  await expect(refused).resolves.toMatchObject({ kind: 'refused' });
  await handle.executeUpdate('approve', { args: [{ decision, leaveOut: ['log/**', 'README.md'], by }] });
  await approve(handle, 'delivery@1');
  await expect(handle.result()).resolves.toMatchObject({ outcome: 'done' });
  expect(await git(repository, 'diff', '--name-status', 'main', 'left')).toBe(
    'A\ta/more.txt\nA\ta/new.txt\nA\tb/out.txt',
  );
  expect(told.join('\n')).toContain('ann kept what your last call changed, but for log/**, README.md');
}, 180_000);
