import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, git, startCrew } from '../workflows/harness.ts';
import { sweep } from '../sweep.ts';

const GOAL = 'replace `var $A = require($B)` with `const $A = require($B)` in javascript';
/** The goal as a replacement of text: in these packages, each match is on its own line. */
const DECLARATION = /^(\s*)var(?= [\w$]+ = require\((?:'[^']*'|"[^"]*")\)(?:;|$))/gm;
/** The packages that the tests need, as one archive, so that `setup` needs no network. */
const TEST_TOOLS = ['tape@5.10.2', 'tap@8', 'concat-stream@1', 'falafel@2', 'es-value-fixtures@1', 'js-yaml@3'];
const CASES = [
  { name: 'minimist', version: '1.2.8', lines: 30, check: "node node_modules/tape/bin/tape 'test/*.js'" },
  {
    name: 'tape',
    version: '5.10.2',
    lines: 318,
    check: 'for file in test/*.js; do node "$file" > /dev/null || exit 1; done',
  },
];

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'coxswain-real-'));
  await writeFile(join(scratch, 'package.json'), '{"private": true}');
  const quiet = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await execa('npm', ['install', ...quiet, ...TEST_TOOLS], { cwd: scratch });
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A published package as a git repository, its test tools in an archive that `setup` unpacks. */
async function unpack(name: string, version: string): Promise<string> {
  const { stdout } = await execa('npm', ['pack', '--silent', `${name}@${version}`], { cwd: scratch });
  await execa('tar', ['xzf', stdout.trim()], { cwd: scratch });
  const repository = join(scratch, name);
  await rm(repository, { recursive: true, force: true });
  await execa('mv', ['package', name], { cwd: scratch });
  await execa(
    'tar',
    ['czf', join(repository, 'tools.tgz'), ...(name === 'tape' ? ['--exclude=node_modules/tape'] : []), 'node_modules'],
    {
      cwd: scratch,
    },
  );
  await writeFile(join(repository, '.gitignore'), 'node_modules/\n');
  await git(repository, 'init', '-q', '-b', 'main');
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-q', '-m', `${name} ${version}`);
  return repository;
}

test.each(sweep(CASES.slice(0, 1), CASES))(
  '$name, started from the Temporal program, ends in a branch with only the wanted bytes changed',
  async (one) => {
    const crew = await startCrew('offline');
    const repository = await unpack(one.name, one.version);
    const input = { repository, goal: GOAL, checks: [one.check], setup: 'tar xzf tools.tgz', branch: 'const' };
    const handle = await crew.startByProgram(input);
    await approve(handle, 'plan@1', 300_000);
    await approve(handle, 'delivery@1', 500_000);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', evidence: [{ command: one.check, green: true }] });
    const paths = (await git(repository, 'ls-files', '*.js', 'bin/*')).split('\n');
    for (const path of paths) {
      const text = await readFile(join(repository, path), 'latin1');
      await writeFile(join(repository, path), text.replace(DECLARATION, '$1const'), 'latin1');
    }
    expect(await git(repository, 'diff', 'const')).toBe('');
    expect(await git(repository, 'diff', '--shortstat', 'main', 'const')).toContain(
      `${one.lines} insertions(+), ${one.lines} deletions(-)`,
    );
  },
  900_000,
);
