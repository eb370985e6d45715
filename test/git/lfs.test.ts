/** Which files git LFS stores, by a commit's attributes: with folders, macros, exceptions and unusual names. */
import { expect, test } from 'vitest';
import { findLfs } from '../../src/git/lfs/find-lfs.ts';
import { addCommit, newStore } from './git-host.ts';

const RULES = [
  '[attr]kept filter=lfs diff=lfs merge=lfs -text',
  '*.psd filter=lfs diff=lfs merge=lfs -text',
  'data/** kept',
  'data/small.csv !filter',
  '"odd name*" filter=lfs',
  'ok.txt filter=other',
].join('\n');

test('the files are those that git itself would pass to LFS', async () => {
  const store = await newStore();
  const paths = [
    'a.psd',
    'deep/er/b.psd',
    'data/x.bin',
    'data/in/y.bin',
    'data/small.csv',
    'odd name.txt',
    'ok.txt',
    'sub/c.psd',
    'sub/d.raw',
    'README.md',
    'ü.psd',
  ];
  const files = { ...Object.fromEntries(paths.map((path) => [path, 'x'])), '.gitattributes': RULES };
  const commit = addCommit(store, {
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [Buffer.from(path).toString('latin1'), text])),
    'sub/.gitattributes': '*.psd -filter\n*.raw filter=lfs\n',
  });
  const expected = ['a.psd', 'deep/er/b.psd', 'data/x.bin', 'data/in/y.bin', 'odd name.txt', 'sub/d.raw', 'ü.psd'];
  expect(await findLfs(store, { commit, paths })).toEqual(new Set(expected));
  expect(await findLfs(store, { commit, paths, files: ['.gitattributes', 'sub/.gitattributes'] })).toEqual(
    new Set(expected),
  );
  expect(await findLfs(store, { commit, paths: ['README.md', 'ok.txt'] })).toEqual(new Set());
});

test('a repository without LFS, and attributes that are a link, give none', async () => {
  const store = await newStore();
  const plain = addCommit(store, { 'a.psd': 'x', '.gitattributes': '*.psd binary\n' });
  expect(await findLfs(store, { commit: plain, paths: ['a.psd'] })).toEqual(new Set());
  const link = addCommit(store, { 'a.psd': 'x', rules: '*.psd filter=lfs\n', '.gitattributes': { link: 'rules' } });
  expect(await findLfs(store, { commit: link, paths: ['a.psd'] })).toEqual(new Set());
});
