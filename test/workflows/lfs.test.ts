/** A repository whose files git LFS keeps: said at the start, and asked about where a pointer is written over. */
import { expect, test } from 'vitest';
import { finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;

test('LFS is said when the run is prepared, and content in the place of a pointer is asked about', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell("printf 'the picture itself' > a/one.psd") : finish();
  });
  const repository = await makeRepository({ '.gitattributes': '*.psd filter=lfs -text\n', 'a/one.psd': POINTER });
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  const log = JSON.stringify(await handle.query('log'));
  expect(log).toContain('git LFS keeps files of this repository (a/one.psd)');
  await handle.executeUpdate('approve', { args: [{ decision: 'plan@1', by: 'ann' }] });
  const { needs } = await until(handle, (now) => now.needs.some(({ about }) => about.includes('lfs-content')));
  expect(needs[0]?.about).toContain('a/one.psd: git LFS keeps this file (.gitattributes), and these 18 bytes are no');
});
