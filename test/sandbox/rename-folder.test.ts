/** Programs can rename folders of the base in an overlay, though the kernel itself refuses that. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SOURCE_SHA256 } from '../../src/sandbox/bubblewrap/rename-library.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const FILES = {
  'lib/a': 'a\n',
  'lib/sub/b': 'b\n',
  'lib/run': { program: '#!/bin/sh\n' },
  'lib/l': { link: 'a' },
  x: 'x\n',
};
const LISTED = ['100644 packages/a', '120000 packages/l', '100755 packages/run', '100644 packages/sub/b', '100644 x'];

async function output(workspace: Workspace, command: string): Promise<string> {
  const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
  return (await workspace.run({ ...limits, command })).output;
}

const node = (script: string): string => `"$COXSWAIN_TOOLS/node" -e "const fs = require('fs'); ${script}"`;

test.each([
  ['git mv', 'git mv lib packages'],
  ['mv', 'mv lib packages'],
  ["Node's fs.renameSync", node("fs.renameSync('lib', 'packages')")],
  [
    "Node's fs.promises.rename, by absolute paths",
    node("fs.promises.rename('/workspace/lib/', '/workspace/packages')"),
  ],
  ["Python's os.rename", `python3 -c 'import os; os.rename("lib", "packages")'`],
  ["Perl's rename", `perl -e 'rename("lib", "packages") or die $!'`],
  [
    'two steps into an empty folder',
    `mkdir -p packages y && ${node("fs.renameSync('lib', 'y/z')")} && mv -T y/z packages && rmdir y`,
  ],
])('a folder is renamed by %s', async (_name, command) => {
  const { store, base } = await storeWith(temporaryFolder(), FILES);
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  expect(await output(workspace, `${command}; cat packages/sub/b`)).toBe('b\n');
  const { commit } = await workspace.checkpoint({ parent: base, message: () => 'moved' });
  const listed = git(store.dir, ['ls-tree', '-r', '--format=%(objectmode) %(path)', commit]).split('\n');
  expect(listed).toEqual(LISTED);
});

test('a rename that no file system allows is refused as usual', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { ...FILES, 'full/file': 'f\n' });
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  const attempt = (from: string, to: string): string =>
    `try { fs.renameSync('${from}', '${to}'); console.log('done') } catch (error) { console.log(error.code) }`;
  const attempts = [
    ['lib', 'lib/sub/in'],
    ['lib', 'x'],
    ['none', 'y'],
    ['lib', 'none/y'],
    ['x', 'lib'],
    ['lib', '/tmp/lib'],
    ['/usr/bin', '/tmp/bin'],
    ['x', '/tmp/x'],
  ] as const;
  const script = node(attempts.map(([from, to]) => attempt(from, to)).join('; '));
  expect(
    await output(workspace, `${script}; ${node(attempt('lib', 'full'))} | grep -c done; find lib x full | sort`),
  ).toBe(
    'EINVAL\nENOTDIR\nENOENT\nENOENT\nEISDIR\nEXDEV\nEXDEV\nEXDEV\n0\n' +
      'full\nfull/file\nlib\nlib/a\nlib/l\nlib/run\nlib/sub\nlib/sub/b\nx\n',
  );
});

test('many threads rename folders at once, and a program that waits for its own children sees no other', async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}/file`, `${n}\n`]));
  const { store, base } = await storeWith(temporaryFolder(), files);
  const workspace = await temporaryWorkspaces(isolation).open({ id: 'agent', store, base, commit: base });
  const all = "Promise.all(Array.from({ length: 20 }, (_, n) => fs.promises.rename('d' + n, 'e' + n)))";
  expect(await output(workspace, `${node(all)}; cat e*/file | sort -n | tail -1; ls | wc -l`)).toBe('19\n20\n');
  const wait = 'import os; os.rename("e1", "f1"); print(os.path.exists("f1/file"), flush=True); os.waitpid(-1, 0)';
  expect(await output(workspace, `python3 -c '${wait}' 2>&1`)).toMatch(/^True\n[^]*ChildProcessError/);
});

test('the embedded library was compiled from the current source', () => {
  const source = readFileSync(new URL('../../src/sandbox/bubblewrap/rename-folder.c', import.meta.url));
  expect(createHash('sha256').update(source).digest('hex')).toBe(SOURCE_SHA256);
});
