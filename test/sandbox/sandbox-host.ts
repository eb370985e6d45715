/**
 * Shared by the sandbox's tests: a real bubblewrap, temporary folders that are removed afterwards, and stores with real
 * commits.
 * Rule: git runs here with a fixed identity and without the machine's configuration.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import { findBubblewrap } from '../../src/sandbox/bubblewrap/find-bubblewrap.ts';
import type { Isolation } from '../../src/sandbox/isolation/isolation.ts';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';
import { openWorkspaces } from '../../src/sandbox/workspace/workspaces.ts';
import type { Workspaces } from '../../src/sandbox/workspace/workspaces.ts';

/** The tests' isolation: a real bubblewrap, installed once for all runs. */
export async function realIsolation(): Promise<Extract<Isolation, { kind: 'bwrap' }>> {
  const found = await findBubblewrap({ cacheDir: join(tmpdir(), 'coxswain-test-bwrap') });
  if (found.kind === 'missing') throw new Error(`no bubblewrap: ${found.tried.join('; ')}. ${found.remedy}`);
  return { kind: 'bwrap', path: found.path };
}

/** A temporary folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-sandbox-'));
  onTestFinished(async () => await removeTree(folder));
  return folder;
}

/** Workspaces in a temporary folder, closed after the test. */
export function temporaryWorkspaces(isolation: Isolation, stateDir = temporaryFolder()): Workspaces {
  const workspaces = openWorkspaces({ stateDir, isolation });
  onTestFinished(async () => await workspaces.close());
  return workspaces;
}

/** Runs git; returns its output without the last line break. */
export function git(folder: string, args: readonly string[], env: Record<string, string> = {}): string {
  const identity = {
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  };
  const committer = {
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  };
  const isolated = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', PATH: '/usr/local/bin:/usr/bin:/bin' };
  return execFileSync('git', args, {
    cwd: folder,
    env: { ...isolated, ...identity, ...committer, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trimEnd();
}

/** A test's file: its text, a program, or a link. */
export type FileSpec = string | { program: string } | { link: string };

/** A new store with one commit of these files. */
export async function storeWith(folder: string, files: Record<string, FileSpec>): Promise<{ store: Store; base: Sha }> {
  const store = await openStore({ dir: join(folder, 'store.git') });
  return { store, base: addCommit(folder, store, files) };
}

/** Adds a commit of exactly these files to a store, without parent. */
export function addCommit(folder: string, store: Store, files: Record<string, FileSpec>): Sha {
  const tree = mkdtempSync(join(folder, 'tree-'));
  for (const [path, spec] of Object.entries(files)) {
    const full = join(tree, path);
    mkdirSync(dirname(full), { recursive: true });
    if (typeof spec === 'string') writeFileSync(full, spec);
    else if ('program' in spec) writeFileSync(full, spec.program, { mode: 0o755 });
    else symlinkSync(spec.link, full);
  }
  return commitFolder(store, tree);
}

/** Commits a folder by git itself, with ignored files; returns the commit. */
function commitFolder(store: Store, tree: string): Sha {
  const env = { GIT_DIR: store.dir, GIT_WORK_TREE: tree, GIT_INDEX_FILE: `${tree}.index` };
  git(tree, ['add', '--all', '--force', '.'], env);
  const id = git(tree, ['commit-tree', '-m', 'base', git(tree, ['write-tree'], env)], env);
  git(store.dir, ['update-ref', `refs/heads/test-${id}`, id]);
  return id as Sha;
}

/** The files of a commit as `mode path`. */
export function treeLines(store: Store, commit: Sha): string[] {
  const out = git(store.dir, ['ls-tree', '-r', '-z', '--format=%(objectmode) %(path)', commit]);
  return out.split('\0').filter((line) => line !== '');
}
