/** A repository whose files git LFS keeps: said at the start, and asked about where a pointer is written over. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { approveAll, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { refactorQueries, updates } from '../../src/workflows/messages.ts';

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;

test('LFS is said when the run is prepared, and content in the place of a pointer is asked about', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell("printf 'the picture itself' > a/one.psd") : finish();
  });
  const repository = await makeRepository({ '.gitattributes': '*.psd filter=lfs -text\n', 'a/one.psd': POINTER });
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  const log = JSON.stringify(await handle.query(refactorQueries.log));
  expect(log).toContain('git LFS keeps files of this repository (a/one.psd): a checkout has their pointers');
  expect(log).toContain('write `lfs: content` under `defaults`');
  await handle.executeUpdate(updates.approve, { args: [{ decision: 'plan@1', by: 'ann' }] });
  const { needs } = await until(handle, (now) => now.needs.some(({ about }) => about.includes('lfs-content')));
  expect(needs[0]?.about).toContain('a/one.psd: git LFS keeps this file (.gitattributes), and these 18 bytes are no');
});

const PICTURE = 'the picture itself\n';
const OID = 'ac4914726d1bd79458a7286ee640cd50836d78198b0cc213ccbefe721f831a48';
const POINTER_TO_IT = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\nsize 19\n`;

test('where policy grants it, commands and checks have the content, and what is delivered has the pointer', async () => {
  const said: string[] = [];
  const crew = await startCrew(({ task, turn, last }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    said.push(last);
    return turn === 0 ? shell('sha256sum a/one.psd; touch a/one.psd; echo new > a/new.txt') : finish();
  });
  const repository = await makeRepository({
    '.gitattributes': '*.psd filter=lfs -text\n',
    '.coxswain/policy.yaml': 'version: 1\ndefaults:\n  lfs: content\n',
    'a/one.psd': POINTER_TO_IT,
  });
  const object = join(repository, '.git/lfs/objects', OID.slice(0, 2), OID.slice(2, 4), OID);
  await mkdir(dirname(object), { recursive: true });
  await writeFile(object, PICTURE);
  const handle = await crew.start({ repository, branch: 'done', checks: [`grep -q 'picture itself' a/one.psd`] });
  const { commit, evidence } = await approveAll(handle);
  expect(said.join()).toContain(`${OID}  a/one.psd`);
  expect(evidence).toMatchObject([{ green: true }]);
  expect(await git(repository, 'diff', '--name-only', 'main', commit ?? '')).toBe('a/new.txt');
  expect(`${await git(repository, 'show', 'done:a/one.psd')}\n`).toBe(POINTER_TO_IT);
});

test('a start that asks for content by itself is refused, with where it can be granted', async () => {
  const crew = await startCrew(() => finish());
  const repository = await makeRepository({ '.gitattributes': '*.psd filter=lfs\n', 'a/one.psd': POINTER });
  const handle = await crew.start({ repository, policy: { lfs: 'content' } });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('Write `lfs: content` under `limits` or `defaults` of a policy file') },
  });
});
