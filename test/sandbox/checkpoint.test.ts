/**
 * Checkpoints of overlays and plain workspaces, compared with git's own `add -A` after the same commands on a plain
 * checkout.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { checkoutTree } from '../../src/git/write/checkout-tree.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Store } from '../../src/git/store.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces, treeLines } from './sandbox-host.ts';
import type { FileSpec } from './sandbox-host.ts';
import { sweep } from '../sweep.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;

async function change(
  workspace: Workspace,
  parent: Sha,
  command: string,
): Promise<{ commit: Sha; tree: Sha; leftOut: Record<string, number> }> {
  const result = await workspace.run({ ...limits, command });
  expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
  return await workspace.checkpoint({ parent, message: () => 'step' });
}

const FILES: Record<string, FileSpec> = {
  'a/one': '1\n',
  'a/two': '2\n',
  'a/b/three': '3\n',
  'a/b/c/four': '4\n',
  'd/five': '5\n',
  'd/run': { program: '#!/bin/sh\n' },
  'd/link': { link: 'five' },
  top: 'top\n',
  'kept.log': 'tracked though ignored\n',
  'out/tracked': 'tracked in an ignored folder\n',
  '.gitignore': '*.log\n/out/\nbuild\n!important.log\n',
  'a/.gitignore': 'tmp*\n!tmp-not\n',
};

const folders = ['a', 'a/b', 'a/b/c', 'd', 'e', 'out', 'build', 'a/e', 'e/f'];
const names = [
  'one',
  'three',
  'four',
  'five',
  'link',
  'top',
  'x.log',
  'important.log',
  'tmp1',
  'tmp-not',
  'tracked',
  'new name',
  'b',
  'c',
  '.gitignore',
  'wörd',
];
const anyFolder = fc.constantFrom(...folders);
const anyPath = fc.oneof(
  fc.tuple(anyFolder, fc.constantFrom(...names)).map(([folder, name]) => `${folder}/${name}`),
  fc.constantFrom(
    'top',
    'kept.log',
    'new',
    'out',
    'a',
    'd',
    'build',
    '.gitignore',
    'a/.gitignore',
    'a/b',
    'd/link',
    'd/run',
    'out/tracked',
  ),
);
const quoted = (path: string): string => `'./${path}'`;
const parent = (path: string): string => quoted(path.split('/').slice(0, -1).join('/') || '.');

/** Copying a folder into itself, or over its parent, depends on the order of its entries, so these are left out. */
const areApart = (from: string, to: string): string =>
  `f=$(realpath -m ${quoted(from)})/ t=$(realpath -m ${quoted(to)})/ && ` +
  `case $t in "$f"*) false ;; esac && case $f in "$t"*) false ;; esac`;

/** One shell command. It may fail after earlier ones, in the same way on both sides. */
const operation = fc.oneof(
  fc
    .tuple(anyPath, fc.integer({ min: 0, max: 99 }))
    .map(([path, n]) => `mkdir -p ${parent(path)}; [ -p ${quoted(path)} ] || echo ${n} > ${quoted(path)}`),
  anyPath.map((path) => `[ -f ${quoted(path)} ] && echo more >> ${quoted(path)}`),
  anyPath.map((path) => `rm -f ${quoted(path)}`),
  anyPath.map((path) => `rm -rf ${quoted(path)}`),
  anyFolder.map(
    (path) => `rm -rf ${quoted(path)} && mkdir -p ${quoted(path)} && echo again > ${quoted(`${path}/one`)}`,
  ),
  anyFolder.map((path) => `rm -rf ${quoted(path)} && mkdir -p ${parent(path)} && echo file > ${quoted(path)}`),
  anyPath.map((path) => `rm -rf ${quoted(path)} && mkdir -p ${quoted(path)} && echo in > ${quoted(`${path}/inner`)}`),
  fc
    .tuple(anyPath, anyPath)
    .map(([from, to]) => `[ -e ${quoted(from)} ] && mkdir -p ${parent(to)} && mv -T ${quoted(from)} ${quoted(to)}`),
  fc.tuple(anyPath, anyPath).map(([from, to]) => `mkdir -p ${parent(to)}; ln -sfn ${quoted(from)} ${quoted(to)}`),
  anyPath.map((path) => `[ -f ${quoted(path)} ] && chmod a+x ${quoted(path)}`),
  anyPath.map((path) => `[ -f ${quoted(path)} ] && chmod a-x ${quoted(path)}`),
  anyPath.map((path) => `[ -f ${quoted(path)} ] && touch ${quoted(path)}`),
  fc.tuple(anyPath, anyPath).map(([from, to]) => `${areApart(from, to)} && cp -RT ${quoted(from)} ${quoted(to)}`),
  anyFolder.map((path) => `mkdir -p ${quoted(`${path}/.git`)} && echo junk > ${quoted(`${path}/.git/config`)}`),
  anyFolder.map(
    (path) => `mkdir -p ${quoted(path)} && [ ! -e ${quoted(`${path}/pipe`)} ] && mkfifo ${quoted(`${path}/pipe`)}`,
  ),
  anyFolder.map((path) => `mkdir -p ${quoted(`${path}/empty`)}`),
  fc
    .constantFrom('*.log', 'build', 'a', '*', '!*', 'new*', 'e/')
    .map((rule) => `[ -d .gitignore ] || echo '${rule}' >> .gitignore`),
);

/** Links in place of a `.gitignore` or the like are in no checkpoint: the base's file stays. */
function linkedRules(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.name === '.gitignore' && entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/**
 * The tree that git makes of a plain folder, starting from the base: tracked files stay tracked. Nested repositories
 * count as ordinary folders.
 */
function addAll(store: Store, base: Sha, folder: string): string {
  const copy = `${folder}-copy`;
  cpSync(folder, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('/.git') && !path.endsWith('/pipe'),
  });
  const env = { GIT_DIR: store.dir, GIT_WORK_TREE: copy, GIT_INDEX_FILE: `${copy}.index` };
  git(copy, ['read-tree', base], env);
  for (const path of linkedRules(copy)) {
    rmSync(join(copy, path));
    if (git(copy, ['ls-files', '--', path], env) === path) git(copy, ['checkout-index', '--', path], env);
  }
  git(copy, ['add', '--all', '.'], env);
  const tree = git(copy, ['write-tree'], env);
  rmSync(copy, { recursive: true });
  return tree;
}

test('a checkpoint is what git add -A gives, for random sequences of commands and checkpoints', async () => {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, FILES);
  const both = [isolation, { ...isolation, overlay: false }].map((kind) => temporaryWorkspaces(kind));
  const elsewhere = [isolation, { ...isolation, overlay: false }].map((kind) => temporaryWorkspaces(kind));
  let run = 0;
  const steps = fc.array(fc.array(operation, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      run += 1;
      const plain = join(folder, `plain-${run}`);
      mkdirSync(plain);
      await checkoutTree(store, { commit: base, into: plain });
      const origin = { id: `run ${run}`, store, base };
      const opened = await Promise.all(both.map(async (each) => await each.open({ ...origin, commit: base })));
      let head = base;
      for (const step of commands) {
        const script = step.map((line) => `( ${line} ) 2>/dev/null`).join('\n');
        spawnSync('/bin/sh', ['-c', script], { cwd: plain });
        const before = head;
        const wanted = addAll(store, base, plain);
        const leftOut = new Set<string>();
        for (const workspace of opened) {
          const made = await change(workspace, before, `${script}\ntrue`);
          head = made.commit;
          if (made.tree !== wanted) expect(treeLines(store, made.tree)).toEqual(treeLines(store, wanted as Sha));
          expect(made.tree).toBe(wanted);
          leftOut.add(JSON.stringify(Object.entries(made.leftOut).sort(([a], [b]) => (a < b ? -1 : 1))));
        }
        expect([...leftOut]).toHaveLength(1);
      }
      for (const each of elsewhere) {
        const other = await each.open({ ...origin, id: 'other host', commit: head });
        const same = await other.checkpoint({ parent: head, message: () => 'nothing' });
        expect(same.tree).toBe(await treeOf(store, head));
      }
      for (const each of both) await each.remove(`run ${run}`);
      rmSync(plain, { recursive: true });
    }),
    { numRuns: sweep(8, 40), endOnFailure: false },
  );
});
