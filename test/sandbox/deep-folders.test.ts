/** Folders nested so deeply that a walk would take for ever or overflow the stack: by a command, or in the base. */
import { expect, test } from 'vitest';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const KINDS = [{ overlay: true }, { overlay: false }];

async function run(workspace: Workspace, command: string): Promise<void> {
  const request = { command, profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
  const { exitCode, output } = await workspace.run(request);
  expect([exitCode, output]).toEqual([0, '']);
}

/** A Node program that nests so many folders with one-letter names, and writes a file into the last. */
function nest(levels: number): string {
  const step = "fs.mkdirSync('d'); process.chdir('d');";
  return `node -e "const fs = require('fs'); for (let n = 0; n < ${levels}; n += 1) { ${step} } fs.writeFileSync('x', '')"`;
}

test.each(KINDS)('with overlay $overlay, folders too deep are left out and can be removed', async ({ overlay }) => {
  const { store, base } = await storeWith(temporaryFolder(), { 'kept.txt': 'k\n' });
  const workspaces = temporaryWorkspaces({ ...isolation, overlay });
  const workspace = await workspaces.open({ id: 'deep', store, base, commit: base });
  await run(workspace, `${nest(250)}; mkdir b; cd b; ${nest(800)}`);
  const { commit, leftOut } = await workspace.checkpoint({ parent: base, message: () => 'step' });
  const kept = git(store.dir, ['ls-tree', '-r', '--name-only', commit]).split('\n');
  expect(kept).toEqual([`${'d/'.repeat(250)}x`, 'kept.txt']);
  expect(leftOut).toEqual({ 'folders that are too deep': 1 });
  await workspace.close();
  await workspaces.remove('deep');
  const elsewhere = await workspaces.open({ id: 'other', store, base, commit });
  await run(elsewhere, 'test ! -e b; find . -name x | grep -q x');
});

test.each(KINDS)('with overlay $overlay, deep folders of the base stop no checkpoint', async ({ overlay }) => {
  const bottom = `${'d/'.repeat(600)}x`;
  const { store, base } = await storeWith(temporaryFolder(), { 'kept.txt': 'k\n', [bottom]: '' });
  const workspaces = temporaryWorkspaces({ ...isolation, overlay });
  const workspace = await workspaces.open({ id: 'deep', store, base, commit: base });
  await run(workspace, `echo more >> kept.txt; echo more >> ${bottom}`);
  const { commit, leftOut } = await workspace.checkpoint({ parent: base, message: () => 'step' });
  expect(git(store.dir, ['show', `${commit}:kept.txt`])).toBe('k\nmore');
  expect(git(store.dir, ['show', `${commit}:${bottom}`])).toBe('');
  expect(leftOut).toEqual({ 'folders that are too deep': 1 });
});
