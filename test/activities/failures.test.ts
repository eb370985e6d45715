/** A failure of an activity never contains a secret of the worker, whatever text it quotes. */
import { expect, test } from 'vitest';
import { fail, hideSecrets, toFailure } from '../../src/activities/attempt/failures.ts';
import { GitFailure } from '../../src/git/git-failure.ts';
import { openPullRequest } from '../../src/github/pull-request.ts';
import { startGitHub } from '../github/github-server.ts';

const KEY = 'a-key-of-a-worker/0123456789';
const base64 = Buffer.from(`x:${KEY}`).toString('base64');

test('no failure of any kind contains a secret, nor do its causes', () => {
  hideSecrets([KEY, undefined]);
  const said = `asked with ${KEY}, ${encodeURIComponent(KEY)} and ${base64}`;
  const errors = [
    fail('GitFailed', said, { cause: new Error(said) }),
    toFailure(new GitFailure('failed', said)),
    toFailure(new Error(said, { cause: new Error(said) })),
  ];
  for (const error of errors) {
    for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
      expect(`${inner.message}${inner.stack ?? ''}`).not.toMatch(/a-key-of|0123456789|YS1rZXkt/);
      expect(inner.message).toContain('asked with [hidden], [hidden]');
    }
  }
});

test('a token that a forge repeats is in no failure, even where the text is cut', async () => {
  const server = await startGitHub();
  const { token } = server.github;
  for (const before of [0, 280, 290]) {
    server.refuses = { status: 422, headers: {}, says: `${'x'.repeat(before)}${token} Bearer ${token}` };
    const failed: unknown = await openPullRequest(
      server.github,
      { owner: 'o', name: 'n', head: 'b', base: 'main', title: 't', body: 'w' },
      new AbortController().signal,
    ).catch((error: unknown) => error);
    expect(String(failed)).toContain('responded 422');
    expect(String(failed)).not.toContain(token.slice(0, 8));
  }
});
