/** Workers of one queue with different hubs: a stranger refuses at its start, with what to do. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish, startCrew, temporal } from './harness.ts';

test('a worker with another hub does not begin; with the same one, by whatever path, or as the right one, it does', async () => {
  const crew = await startCrew(() => finish());
  // A state folder of its own has a hub of its own, under a path that may be the same on another machine.
  await expect(crew.startBeside({})).rejects.toThrow(
    /have another hub than this one, .*coxswain-beside-.*coxswain-test-/,
  );
  await expect(crew.startBeside({})).rejects.toThrow(`temporal schedule delete --schedule-id ${crew.taskQueue}-hub`);
  await expect(crew.startBeside({ COXSWAIN_HUB: 'https://git.example.com/{repository}.git' })).rejects.toThrow(
    'name their hub by COXSWAIN_HUB',
  );
  await (await crew.startBeside({ COXSWAIN_HUB: join(crew.stateDir, 'hub/{repository}.git') })).stop();
  await symlink(join(crew.stateDir, 'hub'), join(crew.stateDir, 'link'));
  await (await crew.startBeside({ COXSWAIN_HUB: join(crew.stateDir, 'link/{repository}.git') })).stop();

  await temporal('schedule', 'delete', '--schedule-id', `${crew.taskQueue}-hub`);
  await (await crew.startBeside({ COXSWAIN_HUB: 'https://git.example.com/{repository}.git' })).stop();
  // By what somebody has written since, nobody who worked here before is stopped.
  await crew.restartWorker();
  await expect(crew.startBeside({})).rejects.toThrow(/another hub .*git\.example\.com/);
});
