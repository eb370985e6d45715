import { expect, test } from 'vitest';
import { openPullRequest, readRepositoryName } from '../../src/github/pull-request.ts';
import { startGitHub } from './github-server.ts';

const INPUT = { owner: 'o', name: 'n', head: 'b', base: 'main', title: 't', body: 'words' };
const never = new AbortController().signal;

test.each([
  ['https://github.com/o/n', { owner: 'o', name: 'n' }],
  ['https://git@GitHub.com/o/n.git', { owner: 'o', name: 'n' }],
  ['git@github.com:o/n.git', { owner: 'o', name: 'n' }],
  ['ssh://git@github.com/o/n.js', { owner: 'o', name: 'n.js' }],
  ['https://github.com.example.org/o/n', undefined],
  ['https://example.org/github.com/n', undefined],
  ['https://github.com/o', undefined],
  ['https://github.com/o/n/tree/main', undefined],
  ['/github.com/o/n', undefined],
  ['file://github.com/o/n', undefined],
  ['file:///github.com/o/n', undefined],
  ['ext://github.com/o/n', undefined],
  ['https://github.com:8443/o/n', undefined],
  ['https://github.com/o/n?x=y', undefined],
])('of %s the names are known', (url, names) => {
  expect(readRepositoryName({ host: 'github.com' }, url)).toEqual(names);
});

test('one is opened; asked for again, the same one gets the new words', async () => {
  const server = await startGitHub();
  const url = await openPullRequest(server.github, INPUT, never);
  expect(await openPullRequest(server.github, { ...INPUT, body: 'more' }, never)).toBe(url);
  expect(server.pulls).toMatchObject([{ html_url: url, head: 'b', base: 'main', title: 't', body: 'more' }]);
});

test('an answer that got lost leads to no second one', async () => {
  const server = await startGitHub();
  server.losesAnswers = 1;
  await expect(openPullRequest(server.github, INPUT, never)).rejects.toMatchObject({ retryable: true });
  await openPullRequest(server.github, INPUT, never);
  expect(server.pulls).toHaveLength(1);
});

test.each([
  [401, {}, false, 'Is COXSWAIN_GITHUB_TOKEN right'],
  [404, {}, false, 'May the token see this repository'],
  [403, {}, false, 'May the token write pull requests'],
  [403, { 'x-ratelimit-remaining': '0' }, true, 'responded 403'],
  [429, {}, true, 'responded 429'],
  [503, {}, true, 'responded 503'],
] as const)('a response of %i says what to do, and whether it may pass', async (status, headers, retryable, words) => {
  const server = await startGitHub();
  server.refuses = { status, headers };
  await expect(openPullRequest(server.github, INPUT, never)).rejects.toMatchObject({
    retryable,
    message: expect.stringContaining(words),
  });
  expect(server.pulls).toEqual([]);
});
