/** Checkpoints from lists of changes: exact bytes, odd names, replaced files and folders, crashes. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { commitCheckpoint } from '../../src/git/write/commit-checkpoint.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Store } from '../../src/git/store.ts';
import type { FileSpec } from './git-host.ts';
import {
  addCommit,
  changesOf,
  drawGraph,
  drawTree,
  git,
  leftOvers,
  newStore,
  refNames,
  shaOf,
  spawnScript,
  temporaryFolder,
  until,
  writeFiles,
} from './git-host.ts';

async function commit(
  store: Store,
  parent: Sha,
  files: Record<string, FileSpec | null>,
): Promise<{ commit: Sha; tree: Sha }> {
  const baseTree = await treeOf(store, parent);
  return await commitCheckpoint(store, { parent, baseTree, changes: changesOf(files), message: 'step\n' });
}

const BASE = { 'a/one': '1', 'a/two': '2', 'b/c/three': '3', top: 'top' };

describe('what a checkpoint holds', () => {
  test('the base with the changes laid over it, as a child of its parent', async () => {
    const store = await newStore();
    const base = addCommit(store, BASE);
    const made = await commit(store, base, { 'a/one': 'changed', 'a/two': null, 'new/x': 'x' });
    expect(drawTree(store, made.commit)).toEqual([
      '100644 a/one changed',
      '100644 b/c/three 3',
      '100644 new/x x',
      '100644 top top',
    ]);
    expect(made.tree).toBe(shaOf(store.dir, `${made.commit}^{tree}`));
    expect(drawGraph(store.dir, made.commit)).toEqual(['* step', '* base']);
    const [author, committer] = ['%an <%ae>', '%cn <%ce>'].map((format) =>
      git(store.dir, ['log', '-1', `--format=${format}`, made.commit]),
    );
    expect([author, committer]).toEqual(['Coxswain <coxswain@localhost>', 'Coxswain <coxswain@localhost>']);
  });

  test('files of the parent that the base tree lacks are gone: a file made and removed leaves nothing', async () => {
    const store = await newStore();
    const base = addCommit(store, BASE);
    const baseTree = await treeOf(store, base);
    const first = await commit(store, base, { made: 'then removed', 'a/one': 'changed' });
    const input = { parent: first.commit, baseTree, changes: changesOf({ 'a/one': 'again' }), message: 'second' };
    const second = await commitCheckpoint(store, input);
    expect(drawTree(store, second.commit)).toEqual([
      '100644 a/one again',
      '100644 a/two 2',
      '100644 b/c/three 3',
      '100644 top top',
    ]);
  });

  test('no change at all gives the base tree, and deleting all gives the empty one', async () => {
    const store = await newStore();
    const base = addCommit(store, BASE);
    expect((await commit(store, base, {})).tree).toBe(await treeOf(store, base));
    const all = Object.fromEntries(Object.keys(BASE).map((path) => [path, null]));
    expect((await commit(store, base, all)).tree).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });

  test('files become folders and folders become files, links and programs too', async () => {
    const store = await newStore();
    const base = addCommit(store, { ...BASE, tool: { program: '#!/bin/sh\n' }, link: { link: 'top' } });
    const made = await commit(store, base, {
      a: 'was a folder',
      'top/below': 'top was a file',
      'link/below': 'link was a link',
      'b/c': { link: '../top' },
      tool: 'is no program any more',
      run: { program: '#!/bin/sh\nexit\n' },
    });
    expect(drawTree(store, made.commit)).toEqual([
      '100644 a was a folder',
      '120000 b/c ../top',
      '100644 link/below link was a link',
      '100755 run #!/bin/sh\\nexit\\n',
      '100644 tool is no program any more',
      '100644 top/below top was a file',
    ]);
  });

  test('names keep their bytes: not UTF-8, line breaks, quotes, dashes, spaces, options', async () => {
    const store = await newStore();
    const base = addCommit(store, BASE);
    const names = [
      '\xff\xfe',
      'line\nbreak',
      'tab\t"quoted"\\',
      '-rf',
      ' ',
      '--help',
      'caf\xc3\xa9',
      'a\rb',
      'M 1',
      '#',
      '\x01',
    ];
    const made = await commit(store, base, Object.fromEntries(names.map((name) => [name, 'x'])));
    const listed = execFileSync('git', ['ls-tree', '-z', '--name-only', made.commit], { cwd: store.dir });
    const found = listed.toString('latin1').split('\0').slice(0, -1);
    expect(found.filter((name) => !['a', 'b', 'top'].includes(name)).toSorted()).toEqual(names.toSorted());
    expect(git(store.dir, ['fsck', '--strict', '--no-dangling'])).toBe('');
  });

  test('bytes are exact, whatever the attributes of the tree say', async () => {
    const store = await newStore();
    const hostile = '* text eol=crlf ident working-tree-encoding=UTF-16 filter=lfs\n*.bin -text\n';
    const base = addCommit(store, { '.gitattributes': hostile, crlf: 'a\r\nb\n' });
    const bytes = Buffer.from([0, 13, 10, 255, 254, 10]);
    const made = await commit(store, base, { 'x.txt': 'one\r\ntwo\n$Id$\n', 'y.bin': bytes, empty: '' });
    expect(drawTree(store, made.commit).slice(1)).toEqual([
      '100644 crlf a\\r\\nb\\n',
      '100644 empty ',
      '100644 x.txt one\\r\\ntwo\\n$Id$\\n',
      '100644 y.bin \\u0000\\r\\n\\xff\\xfe\\n',
    ]);
  });

  test('a message keeps every byte, even one that looks like a command', async () => {
    const store = await newStore();
    const parent = addCommit(store, BASE);
    const message = 'subject\n\n{"text":"from x\\ndone\\n"}\ndone\nM 100644 inline x\n';
    const made = await commitCheckpoint(store, { parent, baseTree: await treeOf(store, parent), changes: [], message });
    expect(git(store.dir, ['cat-file', 'commit', made.commit]).split('\n\n').slice(1).join('\n\n')).toBe(
      message.trimEnd(),
    );
  });
});

describe('what a checkpoint leaves', () => {
  test('no ref, no lock and no crash report, also when many are written at once', async () => {
    const store = await newStore();
    const base = addCommit(store, BASE);
    const numbers = Array.from({ length: 12 }, (_, index) => index);
    const made = await Promise.all(numbers.map((number) => commit(store, base, { [`n${number}`]: `${number}` })));
    for (const [number, { commit: id }] of made.entries()) {
      expect(drawTree(store, id).filter((line) => line.includes(' n'))).toEqual([`100644 n${number} ${number}`]);
    }
    expect(refNames(store.dir)).toEqual([]);
    expect(leftOvers(store)).toEqual([]);
  });

  test('a failing one says why and leaves nothing: missing source, pipe, folder, link, too large, bad path', async () => {
    const store = await newStore();
    const folder = temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    mkdirSync(join(folder, 'folder'));
    writeFiles(folder, { link: { link: 'large' }, large: '' });
    truncateSync(join(folder, 'large'), 512 * 1024 * 1024 + 1);
    const parent = addCommit(store, BASE);
    const baseTree = await treeOf(store, parent);
    const reasonFor = async (source: string, path = 'x'): Promise<string> => {
      const change = {
        kind: 'write',
        path: Buffer.from(path),
        mode: '100644',
        source: Buffer.from(join(folder, source)),
      } as const;
      const failed = commitCheckpoint(store, { parent, baseTree, changes: [change], message: 'm' });
      return await failed.then(
        () => 'no failure',
        (error: Error) => error.message.replaceAll(folder, '').replaceAll(store.dir, 'store').slice(-110),
      );
    };
    expect([
      await reasonFor('missing'),
      await reasonFor('pipe'),
      await reasonFor('folder'),
      await reasonFor('link'),
      await reasonFor('large'),
      await reasonFor('large', '../x'),
      await reasonFor('large', 'a/.git/config'),
      await reasonFor('large', 'a//b'),
    ]).toMatchInlineSnapshot(`
      [
        "git fast-import --quiet --done failed in store: ENOENT: no such file or directory, open '/missing'",
        ""x" is not a file any more: it changed while it was read",
        ""x" is not a file any more: it changed while it was read",
        "git fast-import --quiet --done failed in store: ELOOP: too many symbolic links encountered, open '/link'",
        ""x" has 536870913 bytes, and checkpoints take files up to 512 MiB. Ignore it in .gitignore or make it smaller",
        ""../x" is no path that git can store",
        ""a/.git/config" is no path that git can store",
        ""a//b" is no path that git can store",
      ]
    `);
    expect(leftOvers(store)).toEqual([]);
    expect(refNames(store.dir)).toEqual([]);
  });

  test('kill -9 in the middle of one harms nothing, and the next one succeeds', async () => {
    const store = await newStore();
    const parent = addCommit(store, BASE);
    const baseTree = await treeOf(store, parent);
    const folder = temporaryFolder();
    const source = join(folder, 'large');
    writeFileSync(source, Buffer.alloc(1 << 20, 'incompressible? no: but git is slow enough to be killed'));
    truncateSync(source, 400 << 20);
    const script = `
      const [module, dir, parent, baseTree, source] = process.argv.slice(1);
      const { commitCheckpoint } = await import(module);
      const change = { kind: 'write', path: Buffer.from('x'), mode: '100644', source: Buffer.from(source) };
      await commitCheckpoint({ dir }, { parent, baseTree, changes: [change], message: 'never' });`;
    const module = new URL('../../src/git/write/commit-checkpoint.ts', import.meta.url).href;
    const worker = spawnScript(script, [module, store.dir, parent, baseTree, source]);
    await until(() => leftOvers(store).some((name) => name.includes('tmp_pack')), 'a pack that is being written');
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    expect(git(store.dir, ['fsck', '--no-dangling'])).toBe('');
    expect(refNames(store.dir)).toEqual([]);
    const made = await commit(store, parent, { x: 'small' });
    expect(drawTree(store, made.commit).at(-1)).toBe('100644 x small');
  });
});
