/** A pull request for a delivered branch, on a real git host and a server that speaks GitHub's API. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../../bench/chaos/git-daemon.ts';
import { startGitHub } from '../github/github-server.ts';
import type { GitHubServer } from '../github/github-server.ts';
import type { Crew } from './harness.ts';
import { approveAll, finish, git, makeRepository, onePlan, planned, shell, startCrew } from './harness.ts';

/** A crew, a repository on a git host, and a GitHub that has the same host. */
async function startWithGitHub(): Promise<{
  crew: Crew;
  server: GitHubServer;
  repository: string;
  /** Where the git host has it. */
  bare: string;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-forge-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'owner'));
  await git(folder, 'clone', '--quiet', '--bare', await makeRepository(), 'owner/name.git');
  const daemon = await startDaemon(folder);
  onTestFinished(() => daemon.stop());
  const server = await startGitHub(new URL(daemon.url).host);
  const { host, api, token } = server.github;
  const crew = await startCrew(
    ({ task, turn }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      return turn === 0 ? shell('env > a/new.txt') : finish();
    },
    {
      env: {
        COXSWAIN_GITHUB_TOKEN: token,
        COXSWAIN_GITHUB_HOST: host,
        COXSWAIN_GITHUB_API: api,
        COXSWAIN_ROOTS: `${daemon.url}/`,
      },
    },
  );
  return { crew, server, repository: `${daemon.url}/owner/name.git`, bare: join(folder, 'owner/name.git') };
}

test('a delivered branch gets one pull request, with the report as its body; no command sees the token', async () => {
  const { crew, server, repository, bare } = await startWithGitHub();
  server.losesAnswers = 1;
  const handle = await crew.start({ repository, branch: 'coxswain/one', goal: 'Do this\nand that' });
  const result = await approveAll(handle);
  expect(server.pulls).toMatchObject([{ head: 'coxswain/one', base: 'main', title: 'Do this' }]);
  expect(result.pullRequest).toBe(server.pulls[0]?.html_url);
  expect(server.pulls[0]?.body).toMatch(/^# Coxswain report\n\nOutcome: done\.[^]*- `plan@1: approved by ann/);
  expect(result.report).toContain(`- pull request: \`${result.pullRequest}\``);
  expect(await git(bare, 'rev-parse', 'coxswain/one')).toBe(result.commit);
  const seen = await git(bare, 'show', 'coxswain/one:a/new.txt');
  expect(seen).toContain('PATH=');
  expect(seen).not.toContain(server.github.token);
});

test('a GitHub that refuses does not undo the delivery: the run ends, and its report says why', async () => {
  const { crew, server, repository } = await startWithGitHub();
  server.refuses = { status: 404, headers: {} };
  const handle = await crew.start({ repository, branch: 'coxswain/two' });
  const result = await approveAll(handle);
  expect(result).toMatchObject({ outcome: 'done' });
  expect(result).not.toHaveProperty('pullRequest');
  expect(result.report).toContain('- no pull request: `GitHub responded 404');
});
