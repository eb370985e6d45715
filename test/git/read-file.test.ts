/** One file of a commit, directly and through links within the commit. */
import { expect, test } from 'vitest';
import { readFile, readThroughLinks } from '../../src/git/read/read-file.ts';
import { addCommit, newStore } from './git-host.ts';

test('links are followed within the commit, step by step, and nowhere else', async () => {
  const store = await newStore();
  const chain = Object.fromEntries(
    Array.from({ length: 43 }, (_, at) => [`chain/${at}`, at === 0 ? 'end\n' : { link: `./${at - 1}` }]),
  );
  const commit = addCommit(store, {
    ...chain,
    'docs/guide.md': 'Be kind.\r\n',
    'docs/inner/AGENTS.md': { link: '../guide.md' },
    'AGENTS.md': { link: 'one' },
    one: { link: './two' },
    two: { link: 'folder/inner/AGENTS.md' },
    folder: { link: 'docs' },
    plain: 'plain\n',
    'line\nbreak': 'odd\n',
    absolute: { link: '/etc/hostname' },
    above: { link: '../../../etc/hostname' },
    nothing: { link: 'missing' },
    circle: { link: 'around' },
    around: { link: 'circle' },
    tree: { link: 'docs' },
    through: { link: 'plain/x' },
  });
  const read = async (path: string): Promise<string | undefined> =>
    (await readThroughLinks(store, { commit, path, maxBytes: 100 }))?.toString('utf8');
  expect(await read('AGENTS.md')).toBe('Be kind.\r\n');
  expect(await read('docs/inner/AGENTS.md')).toBe('Be kind.\r\n');
  expect(await read('plain')).toBe('plain\n');
  expect(await read('chain/40')).toBe('end\n');
  expect(await read('line\nbreak')).toBe('odd\n');
  const nowhere = ['absolute', 'above', 'nothing', 'circle', 'tree', 'through', 'chain/41', 'missing', '../plain'];
  expect(await Promise.all(nowhere.map(read))).toEqual(nowhere.map(() => undefined));
  expect((await readFile(store, { commit, path: 'AGENTS.md', maxBytes: 100 }))?.toString('utf8')).toBe('one');
  expect((await readThroughLinks(store, { commit, path: 'AGENTS.md', maxBytes: 4 }))?.toString('utf8')).toBe('Be k');
});
