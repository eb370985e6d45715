import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findPosition, classifyByKey } from '../../src/activities/attempt/chain.ts';
import { ensureConflict, storeConflict } from '../../src/activities/attempt/conflict-tree.ts';
import type { Sha } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { ensureCommit } from '../../src/git/remote/fetch-commit.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import type { ChainLink } from '../../src/git/read/read-chain.ts';
import { runGit, streamGit } from '../../src/git/run-git.ts';
import type { Store } from '../../src/git/store.ts';
import { openStore } from '../../src/git/store.ts';

function linkOf(key: string | undefined): ChainLink {
  return { entry: key === undefined ? undefined : { key } } as unknown as ChainLink;
}

test.each([
  ['act/5', 'act/5', 'done'],
  // The act was cancelled just as it was stored: the workflow continued from the checkpoint before it.
  ['act/5', 'think/6', 'abandoned'],
  ['think/5', 'act/5', 'abandoned'],
  // A late attempt of a frozen worker finds a later checkpoint.
  ['think/6', 'act/5', 'foreign'],
  ['act/6', 'think/6', 'foreign'],
  ['think/10', 'think/9', 'foreign'],
  [undefined, 'think/9', 'foreign'],
])('a checkpoint %s in the place of %s is %s', (there, mine, expected) => {
  expect(classifyByKey(mine)(linkOf(there))).toBe(expected);
});

interface Hosts {
  one: Store;
  other: Store;
}

/** Two hosts with one hub, each with its own store. */
async function twoHosts(): Promise<Hosts> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-chain-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await openStore({ dir: join(folder, 'hub.git') });
  const remote = `file://${join(folder, 'hub.git')}`;
  return {
    one: await openStore({ dir: join(folder, 'one.git'), remote }),
    other: await openStore({ dir: join(folder, 'other.git'), remote }),
  };
}

test('the tree of a conflict that one host found is available on any other host', async () => {
  const { one, other } = await twoHosts();
  const tree = (await runGit(one.dir, ['hash-object', '-w', '-t', 'tree', '/dev/null'])).trim() as Sha;
  const line = await commitTree(one, { tree, parents: [], message: 'the line\n' });
  const blob = await streamGit(one.dir, ['hash-object', '-w', '--stdin'], { input: bytes('<<<<<<< ours\n') });
  const entry = `100644 blob ${blob.output.toString().trim()}\tmet.txt\n`;
  const made = await streamGit(one.dir, ['mktree'], { input: bytes(entry) });
  const conflict = made.output.toString().trim() as Sha;
  const found = { refactor: 'r', line, tree: conflict, files: ['met.txt'] };
  await storeConflict(one, found);
  // A retry stores the same conflict again.
  await storeConflict(one, found);
  await ensureConflict(other, 'r', conflict);
  const begun = await commitTree(other, { tree: conflict, parents: [], message: 'begin\n' });
  expect(await runGit(other.dir, ['show', `${begun}:met.txt`])).toBe('<<<<<<< ours\n');
});

async function* bytes(text: string): AsyncIterable<string> {
  yield text;
}

test('work that another host stored just before it died is found and adopted', async () => {
  const { one: dead, other } = await twoHosts();
  const ref = 'refs/coxswain/refactors/r/run';
  const tree = (await runGit(dead.dir, ['hash-object', '-w', '-t', 'tree', '/dev/null'])).trim() as Sha;
  const line = await commitTree(dead, { tree, parents: [], message: 'the line\n' });
  await moveRef(dead, { ref, to: line, from: null });
  await ensureCommit(other, { commit: line, ref });
  const stored = await commitTree(dead, { tree, parents: [line], message: 'integrated\n' });
  await moveRef(dead, { ref, to: stored, from: line });
  const place = await findPosition(other, ref, line, ({ message }) =>
    message === 'integrated\n' ? 'done' : 'foreign',
  );
  expect(place.done?.commit).toBe(stored);
});
