/** Objects that this process reads and writes by itself: git's bytes exactly, checked, wherever git put them. */
import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { diffTrees } from '../../src/git/read/diff-trees.ts';
import { readBlobs } from '../../src/git/read/read-blobs.ts';
import { readChain, readLink } from '../../src/git/read/read-chain.ts';
import { readFile } from '../../src/git/read/read-file.ts';
import { readFiles, readSizes } from '../../src/git/read/read-files.ts';
import { readObject } from '../../src/git/objects/read-object.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import { commitCheckpoint } from '../../src/git/write/commit-checkpoint.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { sweep } from '../sweep.ts';
import type { FileSpec } from './git-host.ts';
import { addCommit, changesOf, git, newStore, shaOf, spawnScript, temporaryFolder } from './git-host.ts';

/** Names as byte strings, some of which sort differently as a file and as a folder. */
const NAMES = ['a', 'a-b', 'a.b', 'a0', 'b', 'B', '-rf', ' ', 'x\ny', '"q"\\', '\xff\xfe', 'caf\xc3\xa9', '.x', 'M 1'];

type Files = Record<string, FileSpec>;

/** What the files are after the changes: deletions first, and a new path replaces what is above and below it. */
function apply(files: Files, changes: Record<string, FileSpec | null>): Files {
  const result = new Map(Object.entries(files));
  const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
  for (const [path, spec] of Object.entries(changes))
    if (spec === null) for (const one of result.keys()) if (isIn(one, path)) result.delete(one);
  for (const [path, spec] of Object.entries(changes)) {
    if (spec === null) continue;
    for (const one of result.keys()) if (isIn(one, path) || isIn(path, one)) result.delete(one);
    result.set(path, spec);
  }
  return Object.fromEntries(result);
}

const name = fc.constantFrom(...NAMES);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const spec: fc.Arbitrary<FileSpec> = fc.oneof(
  fc.constantFrom<FileSpec>('', 'one\n', { program: '#!/bin/sh\n' }, { link: '../a' }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

test('a checkpoint has the tree that git makes of the same files, for odd names, modes and replaced folders', async () => {
  const [store, other] = [await newStore(), await newStore()];
  const files = fc.dictionary(path, spec, { maxKeys: 8 }).map((all) => apply({}, all));
  const changes = fc.dictionary(path, fc.option(spec), { maxKeys: 6 });
  const property = fc.asyncProperty(files, changes, async (before, changed) => {
    const parent = addCommit(store, before);
    const after = apply(before, changed);
    const expected = shaOf(other.dir, `${addCommit(other, after)}^{tree}`);
    const made = await commitCheckpoint(store, {
      parent,
      baseTree: await treeOf(store, parent),
      changes: changesOf(changed),
      message: 'step\n',
    });
    expect(made.tree).toBe(expected);
    // The other store has the same trees, and its git has not seen ours.
    const differs = await diffTrees(store, { from: parent, to: made.commit });
    const raw = git(store.dir, ['diff-tree', '-r', '--raw', '--abbrev=40', '--no-renames', parent, made.commit]);
    expect(differs.map(({ oldMode, mode, oldOid, oid, status }) => [oldMode, mode, oldOid, oid, status])).toEqual(
      raw
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.slice(1).split('\t', 1)[0]?.split(' ')),
    );
  });
  await fc.assert(property, { numRuns: sweep(12, 300) });
  expect(git(store.dir, ['fsck', '--strict', '--no-dangling'])).toBe('');
});

test('files of all sizes keep every byte, and git reads them', async () => {
  const store = await newStore();
  const parent = addCommit(store, {});
  const sizes = [0, 1, 100, 65_535, 65_536, 70_000, 1_000_000, 3_000_000];
  const files = Object.fromEntries(
    sizes.map((size, at) => [
      `f${size}`,
      Buffer.from(Array.from({ length: size }, (_, n) => (n * n * (at + 7)) % 251)),
    ]),
  );
  const baseTree = await treeOf(store, parent);
  for (const [file, bytes] of Object.entries(files)) {
    const { commit } = await commitCheckpoint(store, {
      parent,
      baseTree,
      changes: changesOf({ [file]: bytes }),
      message: 'm',
    });
    const text = git(store.dir, ['cat-file', '-s', `${commit}:${file}`]);
    expect(text).toBe(`${bytes.length}`);
    expect((await readFile(store, { commit, path: file, maxBytes: 1 << 30 }))?.equals(bytes)).toBe(true);
    expect(git(store.dir, ['hash-object', '--stdin'], bytes)).toBe(shaOf(store.dir, `${commit}:${file}`));
  }
  expect(git(store.dir, ['fsck', '--strict', '--no-dangling'])).toBe('');
});

test('a commit has the bytes that git commit-tree writes', async () => {
  const [store, other] = [await newStore(), await newStore()];
  const tree = await treeOf(store, addCommit(store, { file: '1' }));
  addCommit(other, { file: '1' });
  const author = { name: 'Zoë O’Neil', email: 'zoe@example.org', date: '2026-02-03T04:05:06-03:30' };
  const message = 'subject\n\n{"text":"é\\u0000"}\n\n\n';
  const commit = await commitTree(store, { tree, parents: [], message, author });
  const committed = git(store.dir, ['log', '-1', '--format=%cI', commit]);
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: author.date,
    GIT_COMMITTER_NAME: 'Coxswain',
    GIT_COMMITTER_EMAIL: 'coxswain@localhost',
    GIT_COMMITTER_DATE: committed,
  };
  expect(git(other.dir, ['commit-tree', tree, '-F', '-'], message, env)).toBe(commit);
  const { author: read, message: said } = await readLink(store, commit);
  expect({ ...read, said }).toEqual({ ...author, said: message });
});

/** A store with a chain of three commits on a base, and its copy at another path, of which nothing was read yet. */
async function chainStore(): Promise<{ store: Store; base: Sha; head: Sha; copy: () => Store }> {
  const store = await newStore();
  const base = addCommit(store, { 'a/one': '1', 'b/two': '2' });
  const one = addCommit(store, { 'a/one': '1', 'b/two': 'two' }, { parents: [base], message: 'one' });
  const head = addCommit(store, { 'a/one': 'x', 'b/two': 'two' }, { parents: [one], message: 'two' });
  git(store.dir, ['update-ref', 'refs/heads/main', head]);
  const copy = (): Store => {
    const dir = join(temporaryFolder(), 'copy.git');
    cpSync(store.dir, dir, { recursive: true });
    return { dir };
  };
  return { store, base, head, copy };
}

/** What the functions of a step read of a chain. */
async function readAll(store: Store, base: Sha, head: Sha): Promise<unknown> {
  const chain = await readChain(store, { base, head });
  const changed = await diffTrees(store, { from: base, to: head });
  const blobs: string[] = [];
  await readBlobs(
    store,
    changed.map(({ oid }) => oid),
    async (bytes) => void blobs.push(bytes.toString()),
  );
  const ids = changed.map(({ oid }) => oid);
  const files = await readFiles(store, { commit: head, paths: ['b/two', 'b/none', 'b'], maxBytes: 10 });
  return {
    subjects: chain.map(({ subject }) => subject),
    paths: changed.map(({ path: one, status }) => `${status} ${one}`),
    blobs,
    sizes: [...(await readSizes(store, ids)).values()],
    files: [...files].map(([one, bytes]) => `${one} ${bytes.toString()}`),
  };
}

const ALL = {
  subjects: ['one', 'two'],
  paths: ['M a/one', 'M b/two'],
  blobs: ['x', 'two'],
  sizes: [1, 3],
  files: ['b/two two'],
};

describe('objects are found', () => {
  test('loose, in a pack, and in a pack that is written again while they are read', async () => {
    const { base, head, copy } = await chainStore();
    const [loose, packed] = [copy(), copy()];
    expect(await readAll(loose, base, head)).toEqual(ALL);
    git(packed.dir, ['config', '--unset', 'extensions.preciousObjects']);
    const repack = (): string => git(packed.dir, ['repack', '-a', '-d', '-q']);
    repack();
    git(packed.dir, ['prune-packed', '-q']);
    expect(readdirSync(join(packed.dir, 'objects')).filter((one) => one.length === 2)).toEqual([]);
    const [all, blob] = [readAll(packed, base, head), shaOf(packed.dir, `${head}:b/two`) as Sha];
    expect(await all).toEqual(ALL);
    for (let turn = 0; turn < 3; turn += 1) {
      addCommit(packed, { [`${turn}`]: `${turn}` });
      repack();
      const late = shaOf(packed.dir, addCommit(packed, { late: `${turn}` })) as Sha;
      git(packed.dir, ['update-ref', `refs/heads/${turn}`, late]);
      repack();
      git(packed.dir, ['prune-packed', '-q']);
      expect([...(await readSizes(packed, [blob])).values()]).toEqual([3]);
      expect((await readFile(packed, { commit: late, path: 'late', maxBytes: 9 }))?.toString()).toBe(`${turn}`);
    }
  });

  test('when many are asked for at once, each with its own bytes', async () => {
    const store = await newStore();
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`${at}.txt`, `${at} `.repeat(1 + ((at * 7919) % 9000))]),
    );
    const commit = addCommit(store, files);
    git(store.dir, ['update-ref', 'refs/heads/main', commit]);
    git(store.dir, ['config', '--unset', 'extensions.preciousObjects']);
    git(store.dir, ['repack', '-a', '-d', '-q']);
    git(store.dir, ['prune-packed', '-q']);
    const ids = Object.keys(files).map((name) => shaOf(store.dir, `${commit}:${name}`));
    const objects = await Promise.all(ids.map(async (id) => await readObject(store, id)));
    expect(objects.map((object) => object?.bytes.toString())).toEqual(Object.values(files));
  });

  test('in a store that this one borrows from', async () => {
    const { store, base, head } = await chainStore();
    const borrower = await openStore({ dir: join(temporaryFolder(), 'borrower.git') });
    writeFileSync(join(borrower.dir, 'objects/info/alternates'), `${store.dir}/objects\n`);
    expect(await readAll(borrower, base, head)).toEqual(ALL);
    const commit = await commitTree(borrower, {
      tree: await treeOf(borrower, head),
      parents: [head],
      message: 'three',
    });
    expect((await readLink(borrower, commit)).parent).toBe(head);
  });

  test('the same in a store that is left to git', async () => {
    const { base, head, copy } = await chainStore();
    const odd = copy();
    git(odd.dir, ['config', 'core.logAllRefUpdates', 'always']);
    expect(await readAll(odd, base, head)).toEqual(ALL);
  });
});

describe('a damaged object is an error, never other bytes', () => {
  async function damage(id: (store: Store, head: Sha) => string, bytes: (file: Buffer) => Buffer): Promise<unknown> {
    const { base, head, copy } = await chainStore();
    const store = copy();
    const sha = id(store, head);
    const file = join(store.dir, 'objects', sha.slice(0, 2), sha.slice(2));
    chmodSync(file, 0o644);
    writeFileSync(file, bytes(readFileSync(file)));
    return await readAll(store, base, head).catch(({ kind }: { kind: unknown }) => kind);
  }

  test.each([
    ['commit', (_: Store, head: Sha) => head],
    ['tree', ({ dir }: Store, head: Sha) => shaOf(dir, `${head}^{tree}`)],
    ['blob', ({ dir }: Store, head: Sha) => shaOf(dir, `${head}:b/two`)],
  ])('a %s: cut short, empty, or another object under its name', async (type, id) => {
    const other = { commit: 'commit 4\0oops', tree: 'tree 0\0', blob: 'blob 3\0TWO' }[type] ?? '';
    expect(await damage(id, (file) => file.subarray(0, file.length >> 1))).toBe('corrupt');
    expect(await damage(id, () => Buffer.alloc(0))).toBe('corrupt');
    expect(await damage(id, () => deflateSync(other))).toBe('corrupt');
  });
});

test('a checkpoint, a read chain and a moved ref start no program', async () => {
  const { store, base, head } = await chainStore();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'source'), 'new');
  const script = `
    import { subscribe } from 'node:diagnostics_channel';
    let started = 0;
    subscribe('child_process', () => { started += 1; });
    const [src, dir, base, head, source] = process.argv.slice(1);
    const load = async (path) => await import(src + path);
    const { readChain } = await load('git/read/read-chain.ts');
    const { moveRef } = await load('git/remote/move-ref.ts');
    const { commitCheckpoint } = await load('git/write/commit-checkpoint.ts');
    const { diffTrees } = await load('git/read/diff-trees.ts');
    const { treeOf } = await load('git/objects/tree-of.ts');
    const store = { dir };
    const chain = await readChain(store, { base, head });
    const changes = [{ kind: 'write', path: Buffer.from('c/new'), mode: '100644', source: Buffer.from(source) }];
    const baseTree = await treeOf(store, head);
    const { commit } = await commitCheckpoint(store, { parent: head, baseTree, changes, message: 'three' });
    const moved = await moveRef(store, { ref: 'refs/coxswain/x', to: commit, from: null });
    const again = await moveRef(store, { ref: 'refs/coxswain/x', to: head, from: commit });
    const paths = (await diffTrees(store, { from: base, to: commit })).map(({ path }) => path);
    console.log(JSON.stringify({ links: chain.length, moved, again, paths, started }));`;
  const src = new URL('../../src/', import.meta.url).href;
  const child = spawnScript(script, [src, store.dir, base, head, join(folder, 'source')]);
  const said: unknown = JSON.parse(child.stdout ? await text(child.stdout) : '');
  expect(said).toEqual({ links: 2, moved: 'moved', again: 'moved', paths: ['a/one', 'b/two', 'c/new'], started: 0 });
});
