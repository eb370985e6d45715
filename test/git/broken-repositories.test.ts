/** Repositories that can't be used: each fails at once, with a kind that says what can mend it, and what to do. */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../../bench/chaos/git-daemon.ts';
import { toFailure } from '../../src/activities/attempt/failures.ts';
import type { GitFailureKind } from '../../src/core/failures.ts';
import { deliverBranch } from '../../src/git/remote/deliver-branch.ts';
import { GitFailure } from '../../src/git/git-failure.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { commitFiles, git, newRepository, newStore, shaOf, temporaryFolder } from './git-host.ts';

/** The failure of a refactor's start on a repository, and whether Temporal retries it. */
async function failureOf(repository: string): Promise<{ kind: GitFailureKind; said: string; isTriedAgain: boolean }> {
  const error: unknown = await importBase(await newStore(), { repository }).catch((failure: unknown) => failure);
  if (!(error instanceof GitFailure)) throw new Error(`no failure of git: ${String(error)}`);
  const { nonRetryable } = toFailure(error) as { nonRetryable: boolean };
  return { kind: error.kind, said: error.message, isTriedAgain: !nonRetryable };
}

/** A repository with two commits, without one of their objects. */
function repositoryWithout(name: string): string {
  const folder = temporaryFolder();
  const repository = newRepository({ 'a/file': 'one\n', big: 'x'.repeat(100_000) }, folder);
  commitFiles(repository, { 'a/file': 'two\n' }, 'second');
  const id = shaOf(repository, name);
  rmSync(join(repository, '.git/objects', id.slice(0, 2), id.slice(2)));
  return repository;
}

function partialClone(): string {
  const folder = temporaryFolder();
  const repository = newRepository({ 'a/file': 'one\n' }, folder);
  commitFiles(repository, { 'a/file': 'two\n' }, 'second');
  git(repository, ['config', 'uploadpack.allowFilter', 'true']);
  git(folder, ['clone', '--quiet', '--filter=blob:none', `file://${repository}`, 'partial']);
  return join(folder, 'partial');
}

test('a partial clone is named as one, with what to do, by path and by URL', async () => {
  const repository = partialClone();
  const daemon = await startDaemon(join(repository, '..'));
  onTestFinished(() => daemon.stop());
  for (const place of [repository, `${daemon.url}/partial/.git`]) {
    const { kind, said, isTriedAgain } = await failureOf(place);
    expect({ place, kind, isTriedAgain }).toEqual({ place, kind: 'partial', isTriedAgain: false });
    expect(said).toContain('use the address that it was cloned from');
  }
});

test.each([['HEAD:a/file'], ['HEAD:a'], ['HEAD~1'], ['HEAD~1:a/file']])(
  'a repository without its object %s is damaged, by path and by URL, and not tried for hours',
  async (name) => {
    const repository = repositoryWithout(name);
    const daemon = await startDaemon(join(repository, '..'));
    onTestFinished(() => daemon.stop());
    for (const place of [repository, `${daemon.url}/repository/.git`]) {
      const { kind, said, isTriedAgain } = await failureOf(place);
      expect({ place, kind, isTriedAgain }, said).toEqual({ place, kind: 'corrupt', isTriedAgain: false });
      expect(said).toContain('git fsck --full');
    }
  },
);

test('a wrong credential, a forbidden or missing repository fail at once; a failing server is waited for', async () => {
  let status = 0;
  const server = createServer((_, response) => {
    response.writeHead(status, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/team/repository.git`;
  const expected: [number, GitFailureKind, boolean, RegExp][] = [
    [401, 'no-access', false, /credential helper/],
    [403, 'no-access', false, /credential helper/],
    [404, 'not-a-repository', false, /is not a git repository, or this worker may not read it/],
    [500, 'unreachable', true, /it is tried again/],
    [503, 'unreachable', true, /it is tried again/],
    [429, 'unreachable', true, /it is tried again/],
  ];
  for (const [code, kind, isTriedAgain, words] of expected) {
    status = code;
    const failure = await failureOf(url);
    expect({ code, kind: failure.kind, isTriedAgain: failure.isTriedAgain }).toEqual({ code, kind, isTriedAgain });
    expect(failure.said).toMatch(words);
  }
});

test('a repository that was removed fails at once, at the start and at the delivery', async () => {
  const store = await newStore();
  const folder = temporaryFolder();
  const repository = newRepository({ file: 'one\n' }, folder);
  const { commit } = await importBase(store, { repository });
  rmSync(repository, { recursive: true });
  expect(await failureOf(repository)).toMatchObject({ kind: 'not-here', isTriedAgain: false });
  expect(await deliverBranch(store, { repository, branch: 'new', commit })).toEqual({
    kind: 'refused',
    reason: `"${repository}" is no folder of this worker's host: give a git URL, or a path there`,
  });
});

test('an unknown failure is tried for two minutes, and a full disk for hours', () => {
  const again = (kind: GitFailureKind, attempt: number): boolean =>
    !(toFailure(new GitFailure(kind, 'it failed'), attempt) as { nonRetryable: boolean }).nonRetryable;
  expect([1, 7, 8, 199].map((attempt) => again('failed', attempt))).toEqual([true, true, false, false]);
  expect([1, 7, 8, 199].map((attempt) => again('disk-full', attempt))).toEqual([true, true, true, true]);
  expect([1, 7, 8, 199].map((attempt) => again('read-only', attempt))).toEqual([false, false, false, false]);
});
