/** Failures: each has a kind that says whether a retry helps, a text that can be shown, and no secret. */
import { expect, test } from 'vitest';
import { GitFailure, hideCredentials, kindOf, toGitFailure } from '../../src/git/git-failure.ts';
import { streamGit } from '../../src/git/run-git.ts';
import { newStore, temporaryFolder } from './git-host.ts';

test('each error output of git has its kind', () => {
  const said = {
    "fatal: '/x' does not appear to be a git repository\nfatal: Could not read from remote repository.":
      'not-a-repository',
    "remote: Repository not found.\nfatal: repository 'https://h/x/' not found": 'not-a-repository',
    'git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.': 'no-access',
    "fatal: could not read Username for 'https://h': terminal prompts disabled": 'no-access',
    "fatal: Authentication failed for 'https://h/x/'": 'no-access',
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 403": 'no-access',
    "fatal: unable to access 'https://h/x/': SSL certificate problem: self-signed certificate": 'no-access',
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 404": 'not-a-repository',
    "fatal: unable to access 'https://h/x/': The requested URL returned error: 301": 'not-a-repository',
    "fatal: couldn't find remote ref refs/heads/x": 'missing-base',
    'fatal: remote error: upload-pack: not our ref 1111': 'missing-base',
    'error: Server does not allow request for unadvertised object 1111': 'missing-base',
    "fatal: unable to access 'https://h/': Could not resolve host: h": 'unreachable',
    "fatal: unable to access 'https://h/': The requested URL returned error: 503": 'unreachable',
    'ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.': 'unreachable',
    'fatal: the remote end hung up unexpectedly': 'unreachable',
    "fatal: detected dubious ownership in repository at '/x'": 'ownership',
    "fatal: could not create leading directories of 'x': Permission denied": 'read-only',
    'remote: error: insufficient permission for adding an object to repository database objects': 'read-only',
    'fatal: unable to write loose object file: No space left on device': 'disk-full',
    'error: object file objects/11/11 is empty\nfatal: loose object 1111 (stored in objects/11/11) is corrupt':
      'corrupt',
    'fatal: bad object 1111': 'corrupt',
    'fatal: something new': 'failed',
  };
  expect(Object.fromEntries(Object.keys(said).map((words) => [words, kindOf(words)]))).toEqual(said);
});

test('a failure survives JSON, with secrets masked in its message and facts', () => {
  const failure = new GitFailure('unreachable', 'fetch https://me:pass@host/x failed', { url: 'ssh://token@host/x' });
  expect(JSON.parse(JSON.stringify(failure))).toEqual({
    name: 'GitFailure',
    kind: 'unreachable',
    message: 'fetch https://***@host/x failed',
    facts: { url: 'ssh://***@host/x' },
  });
  expect(hideCredentials('git@host:x.git and a@b.example')).toBe('git@host:x.git and a@b.example');
});

test('the text is that of git without progress, and can be shown', () => {
  const stderr = [
    'remote: Enumerating objects: 5, done.        ',
    'remote: Counting objects:  50% (1/2)        \rremote: Counting objects: 100% (2/2), done.        ',
    'Receiving objects:  40% (2/5)\rReceiving objects: 100% (5/5), done.',
    'Total 3 (delta 0), reused 0 (delta 0), pack-reused 0',
    'fatal: early EOF \u001b[2J',
  ].join('\n');
  const { kind, facts, message } = toGitFailure(['fetch', 'https://a:b@h/x'], '/store', stderr);
  expect({ kind, facts, message }).toEqual({
    kind: 'unreachable',
    facts: { words: 'fatal: early EOF \\u{1b}[2J' },
    message: 'git fetch https://***@h/x failed in /store: fatal: early EOF \\u{1b}[2J',
  });
});

test('a failing call with input, a missing folder, and git that ends early each reject with a failure', async () => {
  const store = await newStore();
  async function* broken(): AsyncIterable<string> {
    yield 'x';
    throw new Error('no more input');
  }
  async function* endless(): AsyncIterable<string> {
    for (;;) yield 'x'.repeat(1 << 16);
  }
  const failures = [
    streamGit(store.dir, ['hash-object', '-w', '--stdin'], { input: broken() }),
    streamGit(`${temporaryFolder()}/nowhere`, ['version']),
    streamGit(store.dir, ['no-such-verb'], { input: endless() }),
  ].map((call) =>
    call.then(
      () => 'no failure',
      (error: unknown) => (error instanceof GitFailure ? error.facts['words'] : error),
    ),
  );
  expect(await Promise.all(failures)).toEqual([
    'no more input',
    'spawn git ENOENT',
    expect.stringContaining("'no-such-verb' is not a git command"),
  ]);
});

test('a call whose git ends before its input ends too, at any moment', async () => {
  const store = await newStore();
  async function* endless(pauseMs: number): AsyncIterable<string> {
    for (;;) {
      yield 'x'.repeat(1 << 16);
      // The pauses let git end at every point of a write.
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  for (let round = 0; round < 20; round += 1) {
    const calls = [0, 3, 0, 3].map((pauseMs) => streamGit(store.dir, ['no-such-verb'], { input: endless(pauseMs) }));
    for (const end of await Promise.allSettled(calls)) expect(end.status).toBe('rejected');
  }
});
