/** Trees written into folders: exactly git's bytes, and nothing outside of the folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { checkoutTree } from '../../src/git/write/checkout-tree.ts';
import { diffStat, diffText } from '../../src/git/read/diff-stat.ts';
import { diffTrees } from '../../src/git/read/diff-trees.ts';
import { listFiles } from '../../src/git/read/list-files.ts';
import { readFile } from '../../src/git/read/read-file.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Store } from '../../src/git/store.ts';
import { writeDifference } from '../../src/git/write/write-difference.ts';
import type { FileSpec } from './git-host.ts';
import {
  addCommit,
  addTreeCommit,
  drawFolder,
  drawTree,
  git,
  newStore,
  temporaryFolder,
  writeFiles,
} from './git-host.ts';

const HOSTILE = '* text eol=crlf ident working-tree-encoding=UTF-16 filter=evil export-subst\n';
const ODD: Record<string, FileSpec> = {
  '.gitattributes': HOSTILE,
  '-rf': 'dash',
  'a b/ c': 'spaces',
  'crlf.txt': 'one\r\ntwo\n$Id$ $Format:%H$\n',
  empty: '',
  'line\nbreak': 'x',
  link: { link: '../../etc/passwd' },
  run: { program: '#!/bin/sh\n' },
  '\xff\xfe/\xe9': Buffer.from([0, 255, 13, 10]),
};

/** Writes the difference into a new folder; returns the written and the deleted paths. */
async function difference(store: Store, from: Sha, to: Sha): Promise<{ written: string[]; deleted: string[] }> {
  const into = temporaryFolder();
  const deleted: string[] = [];
  await writeDifference(store, {
    from,
    to,
    into,
    markDeleted: async (path) => {
      // Nothing is written yet.
      expect(readdirSync(into)).toEqual([]);
      deleted.push(path.toString('latin1'));
    },
  });
  return { written: drawFolder(into), deleted };
}

describe('a checkout', () => {
  test('has the bytes, modes, links and names of the tree, whatever its attributes say, and no .git', async () => {
    const store = await newStore();
    const commit = addCommit(store, ODD);
    const into = join(temporaryFolder(), 'new/folder');
    await checkoutTree(store, { commit, into });
    expect(drawFolder(into)).toEqual(drawTree(store, commit).toSorted((a, b) => (a.slice(7) < b.slice(7) ? -1 : 1)));
    expect(existsSync(join(into, '.git'))).toBe(false);
  });

  test('of several commits at once into several folders does not mix them', async () => {
    const store = await newStore();
    const commits = Array.from({ length: 5 }, (_, n) => addCommit(store, { file: `${n}`, [`only-${n}`]: '' }));
    const folders = commits.map(() => temporaryFolder());
    await Promise.all(commits.map((commit, n) => checkoutTree(store, { commit, into: folders[n] as string })));
    for (const [n, commit] of commits.entries())
      expect(drawFolder(folders[n] as string)).toEqual(drawTree(store, commit));
  });
});

describe('a difference', () => {
  test('has the changed, new and deleted files, byte by byte', async () => {
    const store = await newStore();
    const from = addCommit(store, { same: '1', 'a/changed': '1', 'a/gone': '1', mode: '#!', link: { link: 'same' } });
    const to = addCommit(store, { same: '1', 'a/changed': '2', mode: { program: '#!' }, link: 'file', ...ODD });
    const { written, deleted } = await difference(store, from, to);
    expect(deleted).toEqual(['a/gone']);
    expect(written).toEqual(
      drawTree(store, to)
        .filter((line) => !line.includes(' same '))
        .toSorted((a, b) => (a.slice(7) < b.slice(7) ? -1 : 1)),
    );
  });

  test('marks as deleted the files of a folder that becomes a file, and a file that becomes a folder', async () => {
    const store = await newStore();
    const from = addCommit(store, { 'd/one': '1', 'd/e/two': '2', f: 'file', g: { link: 'f' } });
    const to = addCommit(store, { d: 'file', 'f/one': '1', 'g/h/two': '2' });
    expect(await difference(store, from, to)).toEqual({
      written: ['100644 d file', '100644 f/one 1', '100644 g/h/two 2'],
      deleted: ['d/e/two', 'd/one', 'f', 'g'],
    });
  });

  test('of one tree and itself is nothing; trees serve as well as commits', async () => {
    const store = await newStore();
    const [one, two] = [addCommit(store, { file: '1' }), addCommit(store, { file: '2' })];
    expect(await difference(store, one, one)).toEqual({ written: [], deleted: [] });
    expect(await difference(store, await treeOf(store, one), await treeOf(store, two))).toEqual({
      written: ['100644 file 2'],
      deleted: [],
    });
  });

  test('of thousands of files and one large file comes through one process', async () => {
    const store = await newStore();
    const empty = addCommit(store, {});
    const folder = temporaryFolder();
    const large = Buffer.alloc(20 << 20, 'large ');
    writeFiles(folder, { large });
    for (let n = 0; n < 3000; n += 1) writeFileSync(join(folder, `f${n}`), `${n % 7}\n`);
    const env = { GIT_WORK_TREE: folder, GIT_INDEX_FILE: join(store.dir, 'test-index') };
    git(store.dir, ['add', '--all'], undefined, env);
    const many = git(store.dir, ['write-tree'], undefined, env) as Sha;
    const into = temporaryFolder();
    await writeDifference(store, { from: empty, to: many, into, markDeleted: async () => undefined });
    expect(execFileSync('diff', ['-r', folder, into]).toString()).toBe('');
  });

  test('gives the second tree when written over the first, for any two trees', async () => {
    const store = await newStore();
    const names = ['a', 'a/b', 'a/b/c', 'd', 'd/e', 'f'];
    const spec = fc.oneof(
      fc.constant('1'),
      fc.constant('2'),
      fc.constant({ program: '1' }),
      fc.constant({ link: 'a' }),
    );
    const files = fc.dictionary(fc.constantFrom(...names), spec as fc.Arbitrary<FileSpec>).map((all) => {
      // A name is either a file or a folder.
      const isFolder = (name: string): boolean => Object.keys(all).some((other) => other.startsWith(`${name}/`));
      return Object.fromEntries(Object.entries(all).filter(([name]) => !isFolder(name)));
    });
    const property = fc.asyncProperty(files, files, async (first, second) => {
      const [from, to] = [addCommit(store, first), addCommit(store, second)];
      const [into, upper] = [temporaryFolder(), temporaryFolder()];
      await checkoutTree(store, { commit: from, into });
      const gone: string[] = [];
      await writeDifference(store, {
        from,
        to,
        into: upper,
        markDeleted: async (path) => void gone.push(path.toString()),
      });
      for (const path of gone) rmSync(join(into, path));
      execFileSync('sh', ['-c', 'find . -depth -type d -empty -delete; mkdir -p "$0"', into], { cwd: into });
      execFileSync('cp', ['-a', '--remove-destination', `${upper}/.`, into]);
      expect(drawFolder(into)).toEqual(drawTree(store, to).toSorted((a, b) => (a.slice(7) < b.slice(7) ? -1 : 1)));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test('never leaves its folder: trees made by hand that name their parent, .git, or a folder behind a link', async () => {
    const store = await newStore();
    const empty = addCommit(store, {});
    const blob = git(store.dir, ['hash-object', '-w', '--stdin'], 'x');
    const outside = temporaryFolder();
    const link = git(store.dir, ['hash-object', '-w', '--stdin'], outside);
    const tree = (...entries: [mode: string, name: string, id: string][]): string => {
      const parts = entries.map(([mode, name, id]) =>
        Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
      );
      return git(store.dir, ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], Buffer.concat(parts));
    };
    const leaf = tree(['100644', 'x', blob]);
    const trees = [
      tree(['40000', '..', leaf]),
      tree(['40000', '.git', leaf]),
      tree(['40000', '.GIT', leaf]),
      tree(['100644', '..', blob]),
      tree(['120000', 'd', link], ['40000', 'd', leaf]),
    ];
    for (const hostile of trees) {
      const into = join(temporaryFolder(), 'into');
      mkdirSync(into);
      const to = addTreeCommit(store, hostile);
      await expect(
        writeDifference(store, { from: empty, to, into, markDeleted: async () => undefined }),
      ).rejects.toMatchObject({ kind: 'corrupt' });
      expect([readdirSync(into), readdirSync(join(into, '..'))]).toEqual([[], ['into']]);
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  test('says which blob the store lost', async () => {
    const store = await newStore();
    const [from, to] = [addCommit(store, {}), addCommit(store, { file: 'lost' })];
    const oid = git(store.dir, ['rev-parse', `${to}:file`]);
    rmSync(join(store.dir, 'objects', oid.slice(0, 2), oid.slice(2)));
    await expect(difference(store, from, to)).rejects.toMatchObject({
      kind: 'corrupt',
      message: expect.stringContaining(`the store at ${store.dir} has no blob ${oid} (missing)`),
    });
  });
});

describe('reading', () => {
  test('a list of changes has status, modes, ids and the exact bytes of names', async () => {
    const store = await newStore();
    const from = addCommit(store, { gone: '1', changed: '1', kind: '1', mode: '1' });
    const to = addCommit(store, { '\xff\n': '1', changed: '2', kind: { link: '1' }, mode: { program: '1' } });
    const none = '0'.repeat(40);
    const id = (commit: string, name: string): string => git(store.dir, ['rev-parse', `${commit}:${name}`]);
    const before = (path: string): object => ({
      path,
      rawPath: Buffer.from(path),
      oldMode: '100644',
      oldOid: id(from, path),
    });
    expect(await diffTrees(store, { from, to })).toEqual([
      { ...before('changed'), status: 'M', mode: '100644', oid: id(to, 'changed') },
      { ...before('gone'), status: 'D', mode: '000000', oid: none },
      { ...before('kind'), status: 'T', mode: '120000', oid: id(to, 'kind') },
      { ...before('mode'), status: 'M', mode: '100755', oid: id(to, 'mode') },
      {
        path: '\ufffd\n',
        rawPath: Buffer.from([255, 10]),
        status: 'A',
        mode: '100644',
        oldMode: '000000',
        oid: id(to, 'mode'),
        oldOid: none,
      },
    ]);
  });

  test('files are listed, in one folder or all, and read by their paths; a path without a file gives null', async () => {
    const store = await newStore();
    const commit = addCommit(store, { 'a/b': Buffer.from([0, 255]), 'a/c/d': 'd', ab: 'xyzzy', '-p': 'dash' });
    expect(await listFiles(store, { commit })).toEqual(['-p', 'a/b', 'a/c/d', 'ab']);
    expect(await listFiles(store, { commit, under: 'a' })).toEqual(['a/b', 'a/c/d']);
    const read = (path: string): Promise<Buffer | null> => readFile(store, { commit, path, maxBytes: 4 });
    expect([await read('a/b'), await read('-p'), await read('ab'), await read('a'), await read('nowhere')]).toEqual([
      Buffer.from([0, 255]),
      Buffer.from('dash'),
      Buffer.from('xyzz'),
      null,
      null,
    ]);
  });

  test("statistics are of the difference, not of files that are named like them, and can't move a cursor", async () => {
    const store = await newStore();
    const [from, to] = [
      addCommit(store, { file: '1\n2\n', bin: Buffer.from([0, 1]) }),
      addCommit(store, {
        file: '1\n3\n4\n',
        bin: Buffer.from([0, 2]),
        '9 files changed, 9 insertions(+)': '\n',
        'x\u202e': '',
      }),
    ];
    const { text, ...counts } = await diffStat(store, { from, to });
    expect(counts).toEqual({ files: 4, insertions: 3, deletions: 1 });
    expect(text).toContain('3 insertions(+), 1 deletion(-)');
    expect(text).not.toContain('\u202e');
    expect(await diffStat(store, { from, to: from })).toEqual({ files: 0, insertions: 0, deletions: 0, text: '' });
  });

  test('the text of a difference is cut at its limit, and says so', async () => {
    const store = await newStore();
    const [from, to] = [addCommit(store, { file: 'one\n' }), addCommit(store, { file: 'two \u001b[31m\n' })];
    const whole = await diffText(store, { from, to, maxBytes: 10_000 });
    expect(whole.cut).toBe(false);
    expect(whole.text).toContain('-one\n+two \\u{1b}[31m\n');
    expect(await diffText(store, { from, to, maxBytes: 10 })).toEqual({ text: 'diff --git', cut: true });
    const large = addCommit(store, { file: 'x\n'.repeat(2_000_000) });
    const { text, cut } = await diffText(store, { from, to: large, maxBytes: 1000 });
    expect([text.length, cut]).toEqual([1000, true]);
  });
});
