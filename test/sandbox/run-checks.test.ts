/** Checks one after another: each finds the commit's tracked files, and the build output of earlier checks. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/sandbox/workspace/workspaces.ts';
import { addCommit, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const KINDS = [isolation, { ...isolation, overlay: false }, { kind: 'none' } as const];

describe.each(KINDS)('with isolation $kind, overlay $overlay', (kind) => {
  /** A base with two commits' worth of files, and the results of checks on the second. */
  async function check(
    checks: readonly string[],
    { setup, isBase = false }: { setup?: string; isBase?: boolean } = {},
  ): Promise<{ results: CheckResult[]; left: string[] }> {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, {
      '.gitignore': 'out\ndeps\n',
      'a/build.sh': 'echo good > a/x.txt\n',
      'a/x.txt': 'broken\n',
      'dir/f': 'f\n',
      'dir/g': 'g\n',
      gone: 'g\n',
      old: 'o\n',
    });
    const commit = addCommit(folder, store, {
      '.gitignore': 'out\ndeps\n',
      'a/build.sh': 'echo good > a/x.txt\n',
      'a/x.txt': 'broken\n',
      'dir/f': 'changed\n',
      gone: 'g\n',
      new: 'n\n',
    });
    const stateDir = temporaryFolder();
    const results = await temporaryWorkspaces(kind, stateDir).runChecks({
      store,
      base,
      commit: isBase ? base : commit,
      checks,
      timeoutMs: 60_000,
      ...(setup === undefined ? {} : { setup: { command: setup, network: false } }),
    });
    return { results, left: readdirSync(join(stateDir, 'checks')) };
  }

  test.each([true, false])('a check that repairs a tracked file proves nothing (base: %s)', async (isBase) => {
    const { results } = await check(['sh a/build.sh', 'grep -q good a/x.txt', 'true'], { isBase });
    expect(results.map(({ exitCode, putBack }) => [exitCode, putBack])).toEqual([
      [0, ['a/x.txt']],
      [1, []],
      [0, []],
    ]);
  });

  test('changes to tracked files are undone for the next check, and build output stays', async () => {
    const { results, left } = await check([
      `rm new gone a/build.sh; rm -r dir; ln -s a dir
      touch -r a/x.txt same; printf 'sneaky\\n' > a/x.txt; touch -r same a/x.txt
      mkdir -p built/deep out a/sub; echo b > built/deep/b; echo o > out/o; echo s > a/sub/s; chmod 500 built a/sub
      echo back > old`,
      'cat new gone a/x.txt a/build.sh dir/f built/deep/b out/o a/sub/s old; test ! -e dir/g; echo $?; ls',
    ]);
    expect(results[0]?.putBack.toSorted()).toEqual(['a/build.sh', 'a/x.txt', 'dir', 'dir/f', 'gone', 'new']);
    expect(results[1]?.output).toBe(
      'n\ng\nbroken\necho good > a/x.txt\nchanged\nb\no\ns\nback\n0\na\nbuilt\ndir\ngone\nnew\nold\nout\nsame\n',
    );
    expect(left).toEqual([]);
  });

  test('a changed mode, and a link or folder in place of a tracked file, are undone too', async () => {
    const { results } = await check([
      'chmod +x a/x.txt; rm new; ln -s gone new; rm gone; mkdir gone; echo in > gone/in',
      'test ! -x a/x.txt && test ! -h new && cat new gone',
    ]);
    expect(results[0]?.putBack.toSorted()).toEqual(['a/x.txt', 'gone', 'new']);
    expect(results[1]).toMatchObject({ exitCode: 0, output: 'n\ng\n' });
  });

  test('changes to the files of setup stay', async () => {
    const { results } = await check(
      ['echo more > deps/more; rm deps/one; echo good > a/x.txt', 'ls deps; cat a/x.txt'],
      {
        setup: 'mkdir deps; echo 1 > deps/one; echo 2 > deps/two',
      },
    );
    expect(results[1]?.output).toBe('more\ntwo\nbroken\n');
  });

  test('files that were only touched, and untracked ones, are not put back', async () => {
    const { results } = await check(['touch a/x.txt new; cp a/x.txt copy; cp copy a/x.txt; mkdir e', 'ls -d copy e']);
    expect(results.map(({ exitCode, putBack }) => [exitCode, putBack])).toEqual([
      [0, []],
      [0, []],
    ]);
  });
});
