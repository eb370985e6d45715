/** Commands that the demo and `cox up` print run as printed, in any folder. Neither leaves a file in a repository. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { git, makeRepository, ROOT } from '../workflows/harness.ts';

const COX = join(ROOT, 'bin/cox.mjs');
const WAIT = { timeout: 90_000, interval: 200 };

async function makeHome(): Promise<string> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'coxswain home ')));
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));
  return home;
}

const environment = (home: string): Record<string, string> => ({
  XDG_STATE_HOME: join(home, 'state'),
  COXSWAIN_STATE: '',
  TEMPORAL_ADDRESS: '',
  OPENAI_API_KEY: '',
  OPENAI_BASE_URL: '',
});

/** The lines that a person would copy: lines that begin with a program, or set a variable for one. */
const commandsIn = (text: string): string[] =>
  text
    .split('\n')
    .map(
      (line) =>
        /^(?:.*: )? {1,2}((?:COXSWAIN_STATE=|\S*\/bin\/cox\.mjs |\S*temporal workflow |git -C ).*)$/.exec(line)?.[1],
    )
    .filter((line) => line !== undefined);

test('each line of the demo runs as printed from another folder, while the demo waits and after its end', async () => {
  const home = await makeHome();
  const env = environment(home);
  // With a terminal the demo waits for a person.
  const demo = execa('script', ['-qefc', `'${COX}' demo`, '/dev/null'], {
    env,
    reject: false,
  });
  onTestFinished(() => void demo.kill('SIGTERM'));
  let said = '';
  demo.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString().replaceAll('\r', '');
  });
  await vi.waitFor(() => expect(said).toContain('DECIDE plan@1'), WAIT);
  const begin = said.slice(0, said.indexOf('prepared:'));
  const lines = commandsIn(begin);
  expect(
    lines.map((line) => /workflow (\w+)|' (\w+) demo|(\w+) demo-1|cox\.mjs (\w+)/.exec(line)?.slice(1).find(Boolean)),
  ).toEqual(['query', 'status', 'steer', 'pause', 'resume', 'update', 'approve', 'start', 'run']);
  const failed: string[] = [];
  // The delivery comes last, because it ends the demo.
  const isLast = (line: string): boolean => line.includes('delivery@1');
  for (const line of [...lines.filter((one) => !isLast(one)), ...lines.filter(isLast)]) {
    if (isLast(line)) await vi.waitFor(() => expect(said).toContain('DECIDE delivery@1'), WAIT);
    const { all, exitCode } = await execa('sh', ['-c', line], { cwd: '/', all: true, reject: false });
    if (exitCode !== 0) failed.push(`${line}\n${all}`);
    // The prompt goes away by itself: a decision made elsewhere needs no key.
    if (line.includes('approve'))
      await vi.waitFor(
        () => expect(said.split('decided elsewhere: approved by')).toHaveLength(isLast(line) ? 3 : 2),
        WAIT,
      );
  }
  expect(failed).toEqual([]);
  await demo;
  const [look = '', again = '', ...others] = commandsIn(said.slice(said.indexOf('Delivered branch')));
  expect(others).toEqual([]);
  expect((await execa('sh', ['-c', look], { cwd: '/' })).stdout).toContain('lib/predict.js');
  const up = execa('sh', ['-c', `exec ${again.replace(/^(COXSWAIN_STATE=\S+|COXSWAIN_STATE='.*?') /, 'env $1 ')}`], {
    cwd: '/',
    reject: false,
  });
  onTestFinished(() => void up.kill('SIGKILL'));
  let heard = '';
  up.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  await vi.waitFor(() => expect(heard).toContain('Coxswain is up'), WAIT);
  up.kill('SIGINT');
  expect((await up).exitCode).toBe(0);
}, 600_000);

test('`cox up` in a repository leaves nothing there, and the lines that it and `cox run --detach` print run from another terminal', async () => {
  const home = await makeHome();
  const env = environment(home);
  const repository = await makeRepository({ 'a.js': "var a = require('a');\n" });
  const up = execa('node', [COX, 'up'], { cwd: repository, env, reject: false });
  onTestFinished(() => void up.kill('SIGKILL'));
  let said = '';
  up.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await vi.waitFor(() => expect(commandsIn(said)).toHaveLength(1), WAIT);
  expect(said).toContain(`state ${join(home, 'state', 'coxswain')}`);
  const [line = ''] = commandsIn(said);
  const started = await execa('sh', ['-c', `${line} --detach`], { cwd: repository, env });
  expect(started.stdout).toMatch(/^started cox-/);
  const [byHand = '', look = '', watch = '', approve = '', ...others] = commandsIn(started.stdout);
  expect(others).toEqual([]);
  const type = async (words: string): Promise<string> =>
    (await execa('sh', ['-c', words], { cwd: '/', env: { XDG_STATE_HOME: env['XDG_STATE_HOME'] } })).stdout;
  const id = /^started (\S+?),? /m.exec(started.stdout)?.[1] ?? '';
  await vi.waitFor(async () => expect(await type(look)).toContain('plan@1'), WAIT);
  expect(await type(approve)).toContain('plan@1 approved');
  await vi.waitFor(async () => expect(await type(look)).toContain('delivery@1'), WAIT);
  const watching = type(watch);
  expect(await type(approve.replace('plan@1', 'delivery@1'))).toContain('delivery@1 approved');
  expect(await watching).toContain('delivery@1 approved');
  expect(await git(repository, 'show', `coxswain/${id}:a.js`)).toBe("const a = require('a');");
  expect(await type(byHand)).toContain('-again');
  up.kill('SIGINT');
  expect((await up).exitCode).toBe(0);
  expect(await git(repository, 'status', '--porcelain', '--ignored', '--untracked-files=all')).toBe('');
}, 600_000);
