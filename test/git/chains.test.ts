/** Chains: read by one git log whatever their messages contain, merged without a work tree, moved between hosts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Entry, Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { mergeCommits } from '../../src/git/write/merge-commits.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { readChain, readLink } from '../../src/git/read/read-chain.ts';
import { readRef } from '../../src/git/remote/read-ref.ts';
import { checkRefName } from '../../src/core/branch-name.ts';
import { ensureCommit } from '../../src/git/remote/fetch-commit.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { openStore } from '../../src/git/store.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Store } from '../../src/git/store.ts';
import {
  addCommit,
  commitFiles,
  drawGraph,
  drawTree,
  git,
  newRepository,
  newStore,
  refNames,
  temporaryFolder,
} from './git-host.ts';

const entry: Entry = {
  v: 1,
  key: 'think-1',
  kind: 'tree',
  reason: 'a person\u0001s',
  items: [{ kind: 'user', text: 'a\u0000b\n\n{' }],
};

/** Adds checkpoints to a commit; returns the last one. */
async function extend(store: Store, from: Sha, count: number): Promise<Sha> {
  let head = from;
  for (let n = 1; n <= count; n += 1) {
    const message = formatCheckpointMessage(`${n} step`, { ...entry, key: `think-${n}` });
    head = await commitTree(store, { tree: await treeOf(store, from), parents: [head], message });
  }
  return head;
}

describe('reading a chain', () => {
  test("gives its commits from the oldest on, with their entries, and a person's commit among them", async () => {
    const store = await newStore();
    const base = addCommit(store, { file: '1' });
    const first = await extend(store, base, 1);
    const person = addCommit(
      store,
      { file: '2' },
      { parents: [first], message: 'by\u0001 hand\n\nwith\u0001 reasons' },
    );
    const head = await extend(store, person, 1);
    const links = await readChain(store, { base, head });
    expect(
      links.map(({ commit, parent, subject, entry: found, author }) => [commit, parent, subject, found, author.name]),
    ).toEqual([
      [first, base, '1 step', { ...entry, key: 'think-1' }, 'Coxswain'],
      [person, first, 'by\u0001 hand', undefined, 'Ada'],
      [head, person, '1 step', { ...entry, key: 'think-1' }, 'Coxswain'],
    ]);
    expect(links[1]).toEqual({
      commit: person,
      tree: await treeOf(store, person),
      parent: first,
      subject: 'by\u0001 hand',
      message: 'by\u0001 hand\n\nwith\u0001 reasons\n',
      author: { name: 'Ada', email: 'ada@example.org', date: '2026-01-01T00:00:00+00:00' },
      entry: undefined,
    });
    expect(await readLink(store, person)).toEqual(links[1]);
    expect(await readChain(store, { base: head, head })).toEqual([]);
    expect((await readLink(store, base)).parent).toBeNull();
  });

  test('follows first parents only, so that merged commits do not count as steps', async () => {
    const store = await newStore();
    const base = addCommit(store, { file: '1' });
    const side = addCommit(store, { file: '2' }, { parents: [base], message: 'side' });
    const main = addCommit(store, { file: '3' }, { parents: [base], message: 'main' });
    const head = addCommit(store, { file: '4' }, { parents: [main, side], message: 'merge' });
    expect((await readChain(store, { base, head })).map(({ subject }) => subject)).toEqual(['main', 'merge']);
  });

  test('reads a commit without message or in another encoding', async () => {
    const store = await newStore();
    const base = addCommit(store, { file: '1' });
    const latin1 = git(
      store.dir,
      ['-c', 'i18n.commitEncoding=ISO-8859-1', 'commit-tree', '-p', base, '-F', '-', `${base}^{tree}`],
      Buffer.from('caf\xe9', 'latin1'),
    ) as Sha;
    const silent = git(store.dir, ['commit-tree', '-p', latin1, `${base}^{tree}`], '') as Sha;
    const head = addCommit(store, {}, { parents: [silent], message: 'last' });
    expect((await readChain(store, { base, head })).map(({ message }) => message)).toEqual(['café', '', 'last\n']);
  });
});

describe('merging', () => {
  async function merge(base: Record<string, string>, ours: Record<string, string>, theirs: Record<string, string>) {
    const store = await newStore();
    const root = addCommit(store, base);
    const [left, right] = [addCommit(store, ours, { parents: [root] }), addCommit(store, theirs, { parents: [root] })];
    const outcome = await mergeCommits(store, { ours: left, theirs: right });
    return { ...outcome, tree: drawTree(store, outcome.tree) };
  }

  test('of changes to different files and lines is clean, and follows a renamed file', async () => {
    const lines = 'a\nb\nc\nd\ne\n';
    expect(
      await merge({ f: lines, g: '1\n' }, { f: `${lines}ours\n`, g: '1\n' }, { f: `theirs\n${lines}`, h: '1\n' }),
    ).toEqual({
      kind: 'clean',
      tree: ['100644 f theirs\\na\\nb\\nc\\nd\\ne\\nours\\n', '100644 h 1\\n'],
    });
  });

  test('of changes to one line is a conflict, with the markers in its tree and the files named', async () => {
    const found = await merge({ 'f g': '1\n', x: '1' }, { 'f g': 'ours\n', x: '2' }, { 'f g': 'theirs\n' });
    expect(found).toMatchObject({ kind: 'conflict', files: ['f g', 'x'] });
    expect(found.tree[0]).toMatch(
      /^100644 f g <<<<<<< [0-9a-f]{40}\\nours\\n=======\\ntheirs\\n>>>>>>> [0-9a-f]{40}\\n$/,
    );
  });

  test('of unrelated histories is a failure', async () => {
    const store = await newStore();
    const [ours, theirs] = [addCommit(store, { a: '1' }), addCommit(store, { b: '1' }, { message: 'other' })];
    await expect(mergeCommits(store, { ours, theirs })).rejects.toMatchObject({ kind: 'failed' });
  });
});

describe('a hub elsewhere', () => {
  const REF = 'refs/coxswain/agents/a-0123456789/run';

  async function twoHosts(remote: (hub: Store) => Partial<Store>): Promise<{ hub: Store; one: Store; two: Store }> {
    const hub = await newStore();
    const folder = temporaryFolder();
    const open = (name: string): Promise<Store> => openStore({ dir: join(folder, name), ...remote(hub) });
    return { hub, one: await open('one.git'), two: await open('two.git') };
  }

  test('carries a chain from host to host, and sends each commit once', async () => {
    const { hub, one, two } = await twoHosts(({ dir }) => ({ remote: dir }));
    const repository = newRepository();
    for (let n = 0; n < 20; n += 1) commitFiles(repository, { file: `${n}\n` }, `old ${n}`);
    const { commit: base } = await importBase(one, { repository });
    let head = await extend(one, base, 3);
    await moveRef(one, { ref: REF, to: head, from: null });
    await ensureCommit(two, { commit: head });
    const countObjects = (): number => {
      const counts = git(two.dir, ['count-objects', '-v']);
      return Number(/^count: (\d+)/m.exec(counts)?.[1]) + Number(/^in-pack: (\d+)/m.exec(counts)?.[1]);
    };
    const first = countObjects();
    // The next checkpoints start from these.
    const from = head;
    head = await extend(one, head, 2);
    expect(await moveRef(one, { ref: REF, to: head, from })).toBe('moved');
    await ensureCommit(two, { commit: head });
    expect(countObjects() - first).toBe(2);
    expect((await readChain(two, { base, head })).length).toBe(5);
    expect([await readRef(two, REF), await readRef(two, `${REF}-none`)]).toEqual([head, null]);
    expect(refNames(hub.dir)).toEqual([REF, `refs/coxswain/bases/${base}`]);
    expect(drawGraph(hub.dir, REF, '--max-count=2').length).toBeGreaterThan(1);
  });

  test('is asked by ref if it serves no commit by its id', async () => {
    const { hub, one, two } = await twoHosts(({ dir }) => ({ remote: dir }));
    const head = addCommit(one, { file: '1' });
    await moveRef(one, { ref: REF, to: head, from: null });
    await ensureCommit(two, { commit: head, ref: REF });
    expect(drawTree(two, head)).toEqual(drawTree(hub, head));
    await expect(ensureCommit(two, { commit: '1'.repeat(40) as Sha, ref: REF })).rejects.toMatchObject({
      kind: 'missing-base',
    });
  });

  test('is reached through SSH with the variables that the worker passes, and no others', async () => {
    const folder = temporaryFolder();
    const ssh = join(folder, 'ssh');
    // Runs its last argument as a command, as a host would.
    writeFileSync(ssh, `#!/bin/sh\nenv >"${folder}/seen"\nfor command; do :; done\nexec sh -c "$command"\n`, {
      mode: 0o755,
    });
    const environment = { GIT_SSH_COMMAND: ssh, SSH_AUTH_SOCK: '/nowhere/agent' };
    const { hub, one, two } = await twoHosts(({ dir }) => ({ remote: `ssh://git@example.invalid${dir}`, environment }));
    const head = addCommit(one, { file: '1' });
    expect(await moveRef(one, { ref: REF, to: head, from: null })).toBe('moved');
    await ensureCommit(two, { commit: head });
    expect(drawTree(two, head)).toEqual(drawTree(hub, head));
    const seen = readFileSync(join(folder, 'seen'), 'utf8');
    expect(seen).toContain('SSH_AUTH_SOCK=/nowhere/agent');
    expect(seen).not.toMatch(/VITEST|GIT_DIR=|npm_/);
  });
});

describe('names', () => {
  test('of ids as refs are short, plain and never shared', () => {
    expect([
      refSlug('Refactor/Rename Things.1'),
      refSlug('refactor-rename-things-1'),
      refSlug('../..'),
      refSlug('é'),
      refSlug(''),
    ]).toMatchInlineSnapshot(`
      [
        "refactor-rename-things-1-23bebc9477",
        "refactor-rename-things-1-179e6e3659",
        "id-0cfd1c96cb",
        "id-4a99557e40",
        "id-e3b0c44298",
      ]
    `);
    expect(git('/', ['check-ref-format', `refs/coxswain/agents/${refSlug('x'.repeat(500))}/run`])).toBe('');
  });

  test('that git would refuse are refused, and no others', () => {
    const names = [
      'main',
      'a/b',
      'a.b',
      '-a',
      'a..b',
      'a b',
      'a~1',
      'a^',
      'a:b',
      'a?',
      'a*',
      'a[',
      'a\\b',
      '/a',
      'a/',
      'a//b',
      '.a',
      'a/.b',
      'a.',
      'a.lock',
      'a.lock/b',
      '@a',
      'a@{b',
      'é',
      '\u007f',
      '',
    ];
    const isFine = (name: string): boolean => {
      try {
        git('/', ['check-ref-format', '--branch', name]);
        return true;
      } catch {
        return false;
      }
    };
    expect(names.filter((name) => checkRefName(name) === undefined)).toEqual(names.filter(isFine));
    expect(checkRefName('@')).toBe('has ".." or "@{"');
    expect(checkRefName('refs/heads/main')).toBe('starts with "refs/": give the branch\'s short name');
  });
});
