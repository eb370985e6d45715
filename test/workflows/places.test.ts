/** Workers of two hosts on one queue, of which one may not read a path: a run goes on where it can be read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { approveAll, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

test('a worker that may not read the path leaves it to the one that may, each time; what no host has ends at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-places-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await git(folder, 'init', '--quiet', '--bare', 'hub.git');
  const crew = await startCrew(
    ({ task, turn }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      return turn === 0 ? shell('echo new > a/new.txt') : finish();
    },
    { env: { COXSWAIN_HUB: `file://${join(folder, 'hub.git')}` } },
  );
  await crew.startBeside({ COXSWAIN_ROOTS: join(folder, 'nothing') });
  const repository = await makeRepository();
  const handles = await Promise.all(['one', 'two', 'three'].map((branch) => crew.start({ repository, branch })));
  const [first, ...others] = handles;
  for (const handle of handles) await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'), 120_000);
  for (const handle of others) await handle.terminate();
  if (first) expect((await approveAll(first)).outcome).toBe('done');
  expect(await git(repository, 'show', 'one:a/new.txt')).toBe('new');

  const nowhere = join(folder, 'nowhere');
  const lost = await crew.start({ repository: nowhere });
  const failure = await lost.result().catch((error: unknown) => error);
  const reason = failure instanceof WorkflowFailedError ? failure.cause?.message : '';
  expect(reason).toContain(`"${nowhere}" is no folder of this worker's host`);
  expect(reason).toMatch(/; host [0-9a-f]{8}: /);
});
