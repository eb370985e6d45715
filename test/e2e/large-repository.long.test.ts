import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { approve, git, startCrew, status } from '../workflows/harness.ts';

/** Compares syntax trees with Python's own parser: parentheses change no meaning, so each tree stays the same. */
const SAME_MEANING = `
import ast, subprocess
def at(commit, path): return ast.dump(ast.parse(subprocess.check_output(['git', 'show', f'{commit}:{path}'])))
paths = subprocess.check_output(['git', 'diff', '--name-only', 'main', 'large'], text=True).split()
print(len(paths), [path for path in paths if at('main', path) != at('large', path)])
`;
const GOAL = 'replace `self.$A = $B` with `self.$A = ($B)` in python';

/** Django as PyPI ships it: several thousand files. */
async function unpackDjango(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-large-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pip = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--dest',
    folder,
    'django==5.2',
  ];
  await execa('python3', pip);
  const repository = join(folder, 'django');
  await execa('sh', ['-c', 'python3 -m zipfile -e "$0"/*.whl "$1"', folder, repository]);
  await git(repository, 'init', '-q', '-b', 'main');
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-q', '-m', 'django 5.2');
  return repository;
}

test('a repository of thousands of files is planned, worked by parallel agents, and delivered', async () => {
  const repository = await unpackDjango();
  const files = (await git(repository, 'ls-files')).split('\n').length;
  expect(files).toBeGreaterThan(3000);
  const crew = await startCrew('offline');
  const handle = await crew.start({ repository, goal: GOAL, branch: 'large', checks: ['test -f django/__init__.py'] });
  await approve(handle, 'plan@1', 120_000);
  await approve(handle, 'delivery@1', 400_000);
  const result = await handle.result();
  const ends = await Promise.all(
    (await status(handle)).tasks.map(async ({ agent }) => {
      const { startTime, closeTime } = await crew.client.workflow.getHandle(agent ?? '').describe();
      return { from: startTime.getTime(), to: closeTime?.getTime() ?? 0 };
    }),
  );
  expect(ends.length).toBeGreaterThan(2);
  expect(ends.some((one) => ends.some((other) => one !== other && one.from < other.from && other.from < one.to))).toBe(
    true,
  );
  await writeFile(join(repository, '..', 'same.py'), SAME_MEANING);
  expect((await execa('python3', ['../same.py'], { cwd: repository })).stdout).toBe('286 []');
  // Chained assignments can't have parentheses inside: these eleven places are named and stay.
  expect(result.report).toMatch(/Not replaced: \d+: django\/apps\/registry\.py:44 \(the rewrite would add a syntax/);
  expect(await git(repository, 'diff', '--shortstat', 'main', 'large')).toMatch(
    / (\d+) insertions\(\+\), \1 deletions/,
  );
}, 600_000);
