/** A hub that is away, and one whose disk is full: the run waits, says why, and goes on. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../../bench/chaos/git-daemon.ts';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

/** What a hub says to a push while the file is there, as git does where its disk is full. */
const FULL = `#!/bin/sh
test -e full || exit 0
echo 'error: unable to write file: No space left on device' >&2
exit 1
`;

test('a hub that is away, then full, is waited for; the reason is in status, and the run goes on without a loss', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const hub = join(folder, 'hub.git');
  await git(folder, 'init', '--quiet', '--bare', hub);
  await writeFile(join(hub, 'hooks/pre-receive'), FULL);
  await chmod(join(hub, 'hooks/pre-receive'), 0o755);
  let daemon = await startDaemon(folder);
  onTestFinished(() => daemon.stop());
  const { url } = daemon;
  const crew = await startCrew(
    ({ task, turn }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      return turn < 3 ? shell(`echo ${turn} >> a/new.txt`) : finish();
    },
    { env: { COXSWAIN_HUB: `${url}/hub.git` } },
  );
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'patient' });
  await until(handle, ({ needs }) => needs.length > 0);

  await daemon.stop();
  await approve(handle, 'plan@1');
  const away = await until(handle, ({ trouble, tasks }) =>
    [trouble, ...tasks.map((task) => task.trouble)].some(Boolean),
  );
  expect(JSON.stringify([away.trouble, away.tasks])).toMatch(/has been retried since .*(unable to connect|refused)/);
  await writeFile(join(hub, 'full'), '');
  daemon = await startDaemon(folder, Number(new URL(url).port));

  const full = await until(handle, (now) =>
    JSON.stringify([now.trouble, now.tasks]).includes('No space left on device'),
  );
  expect(full.hold).toBeNull();
  await rm(join(hub, 'full'));
  await approve(handle, 'delivery@1', 120_000);
  const { outcome } = (await handle.result()) as RefactorResult;
  expect(outcome).toBe('done');
  expect(await git(repository, 'show', 'patient:a/new.txt')).toBe('0\n1\n2');
  // No answer was asked for again: each was stored, or the call was not made.
  expect(crew.model.requests.length).toBe(1 + 3 + 1);
});
